// The chart: draws the pictures that the kernel sends, one Plotly.react each, and tells it of clicks by
// the id of a mark, and of pans and zooms as they happen.
const SAME = 0.001; // of the window's span: less than a pixel
const PATIENCE_MS = 200;
const DOUBLE_MS = 320; // a little longer than plotly waits for a second click
const LOADED = Symbol.for("milestone_kit.plotly"); // one plotly.js serves all panels of a page

// plotly.js as a module of its own, so that whatever else the page has loaded stays what it was
async function evaluated(bytes) {
  const parts = ["const module = { exports: {} };\n", bytes, "\nexport default module.exports;"];
  const url = URL.createObjectURL(new Blob(parts, { type: "text/javascript" }));
  const other = window.Plotly;
  try {
    return (await import(/* webpackIgnore: true */ url)).default;
  } finally {
    URL.revokeObjectURL(url);
    if (other) window.Plotly = other;
  }
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

// What was drawn with what is another by now; of a list only some places may come
function merged(old, patch) {
  const values = Object.entries(patch).map(([key, value]) => {
    if (!value?.$places) return [key, value];
    const list = [...old[key]];
    value.$places.forEach((place, i) => { list[place] = value.values[i]; });
    return [key, list];
  });
  return { ...old, ...Object.fromEntries(values) };
}

// One figure's pictures and windows. While the user moves the chart the kernel is asked ahead, and its
// newest answer waits: it is drawn when the chart is let go.
function attach(box, model, Plotly) {
  const lanes = scrolled(box, model, () => {
    if (drawn && !picture && !moving && !gd._dragging) react(gd.layout.xaxis.range);
  });
  const { gd } = lanes;
  const card = wholeCard(gd, box);
  const view = crypto.randomUUID?.() ?? String(Math.random());
  let number = 0; // of the window that was last asked for
  let answered = 0;
  let asked = -Infinity; // when
  let told = null; // what, until something else is drawn
  let moving = false;
  let picture = null;
  let timer = 0;
  let listening = false;
  let zooming = 0;
  let fitted = -Infinity;
  let drawn = null; // data, layout, groups, pixels seen, config and serial of what is on screen

  const react = (range = drawn.layout.xaxis.range) => {
    const dragmode = gd._fullLayout?.dragmode; // the user's choice of tool stays
    const kept = dragmode === undefined ? {} : { dragmode };
    const { data, layout } = lanes.take(drawn);
    Plotly.react(gd, data.map(hinted), { ...layout, ...kept, xaxis: { ...layout.xaxis, range } }, drawn.config);
    if (!listening) listen();
  };
  const draw = () => {
    timer = 0;
    if (!picture || moving || gd._dragging) return;
    const [{ data, layout, groups, seen, config, serial }, buffers] = picture;
    picture = null;
    drawn = { data: unpack(data, buffers), layout: unpack(layout, buffers), groups, seen, config, serial };
    react();
  };
  // a minute has passed: only what differs comes
  const amend = ({ traces, layout, groups, seen, base, serial }, buffers) => {
    if (moving || gd._dragging || picture || drawn?.serial !== base) {
      if (!picture) model.send({ kind: "attached", lacks_library: false, serial: 0 });
      return;
    }
    const data = drawn.data.map((trace, i) => (traces[i] ? merged(trace, unpack(traces[i], buffers)) : trace));
    drawn = { ...drawn, data, layout: merged(drawn.layout, unpack(layout, buffers)), groups, seen, serial };
    react();
  };
  const soon = () => {
    timer ||= setTimeout(draw, 0);
  };
  const receive = (message, buffers) => {
    if (message.kind === "patch") {
      amend(message, buffers);
      return;
    }
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
    listening = true;
    gd.on("plotly_click", (event) => {
      const point = event.points.find((one) => one.customdata !== undefined);
      // a mark carries its id, a bin of a silhouette how many it holds
      if (typeof point?.customdata === "string") model.send({ kind: "click", id: point.customdata });
      else if (point) {
        // a second click makes it a double one, which fits; plotly tells of that click only afterwards
        if (performance.now() - fitted < DOUBLE_MS) return;
        const at = gd._fullLayout.xaxis.r2l(point.x);
        clearTimeout(zooming);
        zooming = setTimeout(() => model.send({ kind: "zoom", at }), DOUBLE_MS);
      }
    });
    gd.on("plotly_hover", card.hovered);
    gd.on("plotly_relayout", (change) => {
      if (!moved(change)) return;
      moving = false;
      const now = range();
      const near = (now.high - now.low) * SAME;
      if (told && Math.abs(told.low - now.low) < near && Math.abs(told.high - now.high) < near) soon();
      else ask(now);
    });
    gd.on("plotly_doubleclick", () => {
      clearTimeout(zooming);
      fitted = performance.now();
      model.send({ kind: "fit" });
    });
    gd.on("plotly_selected", (event) => {
      if (!event?.range) return; // a redraw selects again without one
      const { xaxis } = gd._fullLayout;
      const x = event.range.x.map((edge) => xaxis.r2l(edge));
      model.send({ kind: "box", x, y: event.range.y });
    });
    gd.on("plotly_deselect", () => model.send({ kind: "deselect" }));
    gd.on("plotly_relayouting", (change) => {
      if (!moved(change) || gd._fullLayout.dragmode === "zoom") return;
      moving = true;
      if (answered === number || performance.now() - asked > PATIENCE_MS) ask(range());
    });
    gd.on("plotly_legendclick", (event) => {
      model.send({ kind: "legend", slot: Number(event.data[event.curveNumber].legendgroup) });
      return false;
    });
    gd.closest(".mk-main")?.setAttribute("data-ready", "true");
  };
  const released = () => {
    moving = false;
    soon();
  };
  window.addEventListener("mouseup", released);
  const leave = () => {
    clearTimeout(timer);
    clearTimeout(zooming);
    window.removeEventListener("mouseup", released);
    card.leave();
    lanes.leave();
    Plotly.purge(gd);
  };
  return { receive, leave };
}

export default () => {
  let newest = null; // came before there was a figure to draw it in
  let screen = null;
  let deliver = null; // waits for plotly.js

  const receive = (message, buffers) => {
    if (message.kind === "library") deliver?.(buffers[0]);
    else if (screen) screen.receive(message, buffers);
    else newest = [message, buffers];
  };
  const library = () => {
    const given = model_library;
    const bytes = given?.byteLength ? Promise.resolve(given) : new Promise((done) => { deliver = done; });
    return (window[LOADED] ??= bytes.then(evaluated));
  };
  let model_library = null;

  const initialize = ({ model }) => {
    model.on("msg:custom", receive);
    const { content, buffers } = model.get("picture");
    if (content) newest = [content, buffers];
    model_library = model.get("library");
  };
  const render = async ({ model, el }) => {
    let over = false;
    const lacks = !window[LOADED] && !model_library?.byteLength;
    const loading = library();
    model_library = null;
    model.send({ kind: "attached", lacks_library: lacks, serial: newest?.[0].serial ?? 0 });
    loading.then((Plotly) => {
      if (over) return;
      screen = attach(el, model, Plotly);
      if (newest) screen.receive(...newest);
    });
    return () => {
      over = true;
      screen?.leave();
      screen = null;
    };
  };
  return { initialize, render };
};
