// What a FigureWidget does not tell the kernel: the width there is, the theme, a click on a mark by
// its id, and a pan or zoom that has come to rest. Also downloads and the clipboard.
const SETTLE_MS = 5;

function isDark() {
  return document.body.dataset.jpThemeLight === "false";
}

function save({ name, text, type }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function rangeOf(gd) {
  const [low, high] = gd._fullLayout.xaxis.range.map((edge) => gd._fullLayout.xaxis.r2l(edge));
  return { low, high };
}

function attach(gd, model) {
  let timer = 0;
  gd.on("plotly_click", (event) => {
    const point = event.points.find((one) => one.customdata !== undefined);
    // a mark carries its id, a bin of a silhouette how many it holds
    if (typeof point?.customdata === "string") model.send({ kind: "click", id: point.customdata });
    else if (point) model.send({ kind: "zoom", at: gd._fullLayout.xaxis.r2l(point.x) });
  });
  gd.on("plotly_relayout", (change) => {
    if (!Object.keys(change).some((key) => key.startsWith("xaxis.range") || key === "xaxis.autorange")) return;
    // The kernel's own answer comes back as an event too; it carries the range that was asked for.
    clearTimeout(timer);
    timer = setTimeout(() => model.send({ kind: "window", ...rangeOf(gd) }), SETTLE_MS);
  });
  gd.on("plotly_doubleclick", () => model.send({ kind: "fit" }));
  gd.on("plotly_selected", (event) => {
    if (!event?.range) return; // a redraw selects again without one
    const { xaxis } = gd._fullLayout;
    const x = event.range.x.map((edge) => xaxis.r2l(edge));
    model.send({ kind: "box", x, y: event.range.y });
  });
  gd.on("plotly_deselect", () => model.send({ kind: "deselect" }));
  gd.on("plotly_legendclick", (event) => {
    model.send({ kind: "legend", slot: Number(event.data[event.curveNumber].legendgroup) });
    return false;
  });
}

function render({ model, el }) {
  el.style.height = "0";
  const stop = new AbortController();
  let figure = null;
  let watcher = null;

  const measure = () => {
    const host = el.closest(".mk-main");
    if (host && host.clientWidth > 0) model.set("width", Math.floor(host.clientWidth));
    model.set("dark", isDark());
    model.save_changes();
  };
  const search = () => {
    if (stop.signal.aborted) return;
    const host = el.closest(".mk-main");
    const gd = host?.querySelector(".mk-figure .js-plotly-plot");
    if (host && !watcher) {
      watcher = new ResizeObserver(measure);
      watcher.observe(host);
      measure();
    }
    if (gd?.on && gd !== figure && gd._fullLayout?.xaxis) {
      figure = gd;
      attach(gd, model);
      host.dataset.ready = "true";
    }
    setTimeout(search, figure?.isConnected ? 1000 : 60);
  };
  const themes = new MutationObserver(measure);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  search();
  const receive = (message) => (message.kind === "download" ? save(message) : copy(message.text));
  model.on("msg:custom", receive);
  return () => {
    stop.abort();
    themes.disconnect();
    watcher?.disconnect();
    model.off("msg:custom", receive);
  };
}

export default { render };
