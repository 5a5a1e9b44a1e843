// What the kernel cannot see: the width there is and the theme. Also downloads and the clipboard.
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

function render({ model, el }) {
  el.style.height = "0";
  let watcher = null;
  let timer = 0;

  const measure = () => {
    const host = el.closest(".mk-main");
    if (host && host.clientWidth > 0) model.set("width", Math.floor(host.clientWidth));
    model.set("dark", isDark());
    model.save_changes();
  };
  const search = () => {
    const host = el.closest(".mk-main");
    if (!host) {
      timer = setTimeout(search, 20); // not in its place yet
      return;
    }
    watcher = new ResizeObserver(measure);
    watcher.observe(host);
    measure();
  };
  const themes = new MutationObserver(measure);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  search();
  const receive = (message) => {
    if (message.kind === "download") save(message);
    else if (message.kind === "copy") copy(message.text);
  };
  model.on("msg:custom", receive);
  return () => {
    clearTimeout(timer);
    themes.disconnect();
    watcher?.disconnect();
    model.off("msg:custom", receive);
  };
}

export default { render };
