// What a FigureWidget does not tell the kernel: the width there is, the theme, a click on a mark by
// its id, and pans and zooms as they happen. It draws the pictures that the kernel answers with, one
// Plotly.react each. Also downloads and the clipboard.
const SAME = 0.001; // of the window's span: less than a pixel
const PATIENCE_MS = 200;
// What a FigureWidget would report to the kernel, which has no use for it.
const REPORTS = ["restyle", "relayout", "update", "click", "hover", "unhover", "selected", "deselect", "doubleclick"];

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

function unpack(value, buffers) {
  if (Array.isArray(value)) return value.length && typeof value[0] !== "object" ? value : value.map((one) => unpack(one, buffers));
  if (value === null || typeof value !== "object") return value;
  if (value.$buffer !== undefined) {
    const { buffer, byteOffset, byteLength } = buffers[value.$buffer];
    const numbers = buffer.slice(byteOffset, byteOffset + byteLength);
    return value.bits === 32 ? new Float32Array(numbers) : new Float64Array(numbers);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unpack(one, buffers)]));
}

// One figure's pictures and windows. While the user moves the chart the kernel is asked ahead, and its
// newest answer waits: it is drawn when the chart is let go.
function attach(gd, model) {
  const view = crypto.randomUUID?.() ?? String(Math.random());
  const { Plotly } = window; // the FigureWidget's
  let number = 0; // of the window that was last asked for
  let answered = 0;
  let asked = -Infinity; // when
  let told = null; // what, until something else is drawn
  let moving = false;
  let picture = null;
  let timer = 0;

  const draw = () => {
    timer = 0;
    if (!picture || moving || gd._dragging) return;
    const [{ data, layout }, buffers] = picture;
    picture = null;
    const { dragmode } = gd._fullLayout; // the user's choice of tool stays
    Plotly.react(gd, unpack(data, buffers), { ...unpack(layout, buffers), dragmode });
  };
  const soon = () => {
    timer ||= setTimeout(draw, 0);
  };
  const receive = (message, buffers) => {
    if (message.turn?.view === view) {
      answered = message.turn.number;
      if (answered < number) return; // a newer one is on its way
    } else told = null;
    picture = [message, buffers];
    soon();
  };
  const ask = (range) => {
    picture = null;
    told = range;
    asked = performance.now();
    model.send({ kind: "window", ...range, turn: { view, number: ++number } });
  };
  const moved = (change) => change["xaxis.range[0]"] !== undefined || change["xaxis.range"] !== undefined;
  const range = () => {
    const { xaxis } = gd._fullLayout;
    const [low, high] = xaxis.range.map((edge) => xaxis.r2l(edge));
    return { low, high };
  };

  const listen = () => {
    for (const report of REPORTS) gd.removeAllListeners(`plotly_${report}`);
    gd.on("plotly_click", (event) => {
      const point = event.points.find((one) => one.customdata !== undefined);
      // a mark carries its id, a bin of a silhouette how many it holds
      if (typeof point?.customdata === "string") model.send({ kind: "click", id: point.customdata });
      else if (point) model.send({ kind: "zoom", at: gd._fullLayout.xaxis.r2l(point.x) });
    });
    gd.on("plotly_relayout", (change) => {
      if (!moved(change)) return;
      moving = false;
      const now = range();
      const near = (now.high - now.low) * SAME;
      if (told && Math.abs(told.low - now.low) < near && Math.abs(told.high - now.high) < near) soon();
      else ask(now);
    });
    gd.on("plotly_doubleclick", () => model.send({ kind: "fit" }));
    gd.on("plotly_selected", (event) => {
      if (!event?.range) return; // a redraw selects again without one
      const { xaxis } = gd._fullLayout;
      const x = event.range.x.map((edge) => xaxis.r2l(edge));
      model.send({ kind: "box", x, y: event.range.y });
    });
    gd.on("plotly_deselect", () => model.send({ kind: "deselect" }));
  };
  const released = () => {
    moving = false;
    soon();
  };
  const after = ({ detail }) => detail.element === gd && listen();

  gd.on("plotly_relayouting", (change) => {
    if (!moved(change) || gd._fullLayout.dragmode === "zoom") return;
    moving = true;
    if (answered === number || performance.now() - asked > PATIENCE_MS) ask(range());
  });
  gd.on("plotly_legendclick", (event) => {
    model.send({ kind: "legend", slot: Number(event.data[event.curveNumber].legendgroup) });
    return false;
  });
  listen();
  // the FigureWidget says so when it has set up its own reports, perhaps only now
  document.addEventListener("plotlywidget-after-render", after);
  window.addEventListener("mouseup", released);
  const leave = () => {
    clearTimeout(timer);
    document.removeEventListener("plotlywidget-after-render", after);
    window.removeEventListener("mouseup", released);
  };
  return { receive, leave };
}

function render({ model, el }) {
  el.style.height = "0";
  const stop = new AbortController();
  let figure = null;
  let screen = null;
  let newest = null; // came before there was a figure to draw it in
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
      screen?.leave();
      screen = attach(gd, model);
      // The widget opens with the first picture of its life: what is on screen by now is another.
      if (newest) screen.receive(...newest);
      else model.send({ kind: "attached" });
      newest = null;
      host.dataset.ready = "true";
    }
    setTimeout(search, figure?.isConnected ? 1000 : 60);
  };
  const themes = new MutationObserver(measure);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  search();
  const receive = (message, buffers) => {
    if (message.kind === "download") save(message);
    else if (message.kind === "copy") copy(message.text);
    else if (screen) screen.receive(message, buffers);
    else newest = [message, buffers];
  };
  model.on("msg:custom", receive);
  return () => {
    stop.abort();
    screen?.leave();
    themes.disconnect();
    watcher?.disconnect();
    model.off("msg:custom", receive);
  };
}

export default { render };
