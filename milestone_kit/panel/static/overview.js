// The density of the whole span with a brush on it: drag to choose the window, or use the keys.
const HEIGHT = 54;
const EDGE = 7;

function css(el, name, fallback) {
  return getComputedStyle(el).getPropertyValue(name).trim() || fallback;
}

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "mk-overview";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-label", "Window on the whole span: arrow keys move it, plus and minus zoom");
  el.append(canvas);
  let brush = null; // the window while it is dragged
  let frame = 0;

  const span = () => model.get("span");
  const shown = () => brush ?? model.get("window");
  const width = () => Math.max(canvas.clientWidth, 1);
  const toPixel = (ms) => ((ms - span()[0]) / (span()[1] - span()[0])) * width();
  const toTime = (px) => span()[0] + (px / width()) * (span()[1] - span()[0]);

  const draw = () => {
    frame = 0;
    if (!canvas.clientWidth) {
      // not laid out at this moment, as while a theme is loaded: what is there stays until it is
      setTimeout(() => canvas.isConnected && redraw(), 100);
      return;
    }
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width() * ratio);
    canvas.height = Math.round(HEIGHT * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const counts = model.get("counts");
    const most = Math.sqrt(Math.max(1, ...counts));
    const step = width() / Math.max(counts.length, 1);
    const floor = HEIGHT - 15;
    pen.fillStyle = css(el, "--mk-accent", "#1976d2");
    pen.globalAlpha = 0.45;
    counts.forEach((count, i) => {
      if (!count) return;
      const tall = Math.max(1.5, (Math.sqrt(count) / most) * (floor - 3));
      pen.fillRect(i * step, floor - tall, Math.max(step - 0.6, 0.8), tall);
    });
    pen.globalAlpha = 1;
    pen.fillStyle = css(el, "--mk-muted", "#66707c");
    pen.font = "10.5px system-ui, sans-serif";
    for (const { at, label } of model.get("marks")) {
      const x = toPixel(at);
      if (x < 0 || x > width() - 24) continue;
      pen.fillText(label, x + 3, HEIGHT - 3);
      pen.fillRect(x, floor, 1, 12);
    }
    const now = toPixel(model.get("now"));
    pen.fillStyle = "#d6336c";
    pen.fillRect(now, 0, 1.4, floor);
    const [low, high] = shown();
    const left = Math.min(Math.max(toPixel(low), 0), width() - 3);
    const right = Math.max(Math.min(toPixel(high), width()), left + 3);
    pen.fillStyle = css(el, "--mk-text", "#1f2933");
    pen.globalAlpha = 0.09;
    pen.fillRect(left, 0, right - left, floor);
    pen.globalAlpha = 0.8;
    pen.fillRect(left, 0, 1.5, floor);
    pen.fillRect(right - 1.5, 0, 1.5, floor);
    pen.globalAlpha = 1;
    const from = new Date(low).toISOString().slice(0, 10);
    const to = new Date(high).toISOString().slice(0, 10);
    canvas.setAttribute("aria-valuetext", `${from} to ${to}`);
  };
  const redraw = () => {
    frame ||= requestAnimationFrame(draw);
  };

  const tell = ([low, high]) => model.send({ kind: "window", low, high });
  let last = 0;
  const tellSometimes = () => {
    // the kernel answers in a few hundredths of a second: ask no faster than that
    const moment = performance.now();
    if (moment - last > 120) {
      last = moment;
      tell(brush);
    }
  };

  canvas.addEventListener("pointerdown", (event) => {
    const x = event.offsetX;
    const [low, high] = shown();
    const [left, right] = [toPixel(low), toPixel(high)];
    const grip = Math.abs(x - left) < EDGE ? "left" : Math.abs(x - right) < EDGE ? "right" : x > left && x < right ? "move" : "new";
    const start = toTime(x);
    canvas.setPointerCapture(event.pointerId);
    const move = (now) => {
      const time = toTime(Math.min(Math.max(now.offsetX, 0), width()));
      if (grip === "move") brush = [low + time - start, high + time - start];
      else if (grip === "left") brush = [Math.min(time, high), Math.max(time, high)];
      else if (grip === "right") brush = [Math.min(low, time), Math.max(low, time)];
      else brush = [Math.min(start, time), Math.max(start, time)];
      redraw();
      if (brush[1] > brush[0]) tellSometimes();
    };
    const up = () => {
      canvas.removeEventListener("pointermove", move);
      if (brush && brush[1] > brush[0]) tell(brush);
      else if (!brush && grip === "new") tell([start - (high - low) / 2, start + (high - low) / 2]);
      brush = null;
      redraw();
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", up, { once: true });
    canvas.addEventListener("pointercancel", up, { once: true });
  });
  canvas.addEventListener("keydown", (event) => {
    const [low, high] = shown();
    const size = high - low;
    const steps = { ArrowLeft: [-0.2, -0.2], ArrowRight: [0.2, 0.2], "+": [0.25, -0.25], "=": [0.25, -0.25], "-": [-0.5, 0.5] };
    const change = steps[event.key];
    if (!change) return;
    event.preventDefault();
    event.stopPropagation();
    tell([low + change[0] * size, high + change[1] * size]);
  });
  const watcher = new ResizeObserver(redraw);
  watcher.observe(canvas);
  const themes = new MutationObserver(redraw);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  for (const name of ["counts", "span", "window", "marks", "now"]) model.on(`change:${name}`, redraw);
  redraw();
  return () => {
    watcher.disconnect();
    themes.disconnect();
    for (const name of ["counts", "span", "window", "marks", "now"]) model.off(`change:${name}`, redraw);
  };
}

export default { render };
