// The lanes of the chart. Where they need more room than there is, they are scrolled under the axis and past
// the names of their groups, which stay in sight; and plotly is given what is in sight only, so that a
// picture costs the same whatever its height.
const NEAR_LANES = 1; // drawn above and below what is in sight
const NAME_PX = 13;

const isList = (value) => Array.isArray(value) || ArrayBuffer.isView(value);

// `value` at some places, wherever it holds something for each of `count` marks
function taken(value, places, count) {
  if (isList(value)) return value.length === count ? value.constructor.from(places, (place) => value[place]) : value;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, taken(one, places, count)]));
}

function inSight(trace, top, bottom) {
  const single = trace.type === "bar" || trace.mode === "text" || trace.customdata;
  if (!single || !isList(trace.y)) return trace;
  const count = trace.y.length;
  const places = [];
  for (let place = 0; place < count; place += 1) {
    if (trace.y[place] > top - NEAR_LANES && trace.y[place] < bottom + NEAR_LANES) places.push(place);
  }
  if (places.length === count) return trace;
  // without any, plotly would forget its name in the legend
  return taken(trace, places.length ? places : [0], count);
}

// What of a picture is in sight: heights in pixels, edges in lanes
function sightOf({ layout, seen }, box) {
  const { t, b } = layout.margin;
  const [low, high] = layout.yaxis.range; // downwards
  const height = Math.min(layout.height, seen);
  const lane = (layout.height - t - b) / (low - high);
  const top = high + Math.min(box.scrollTop, layout.height - height) / lane;
  return { height, lane, top, bottom: top + (height - t - b) / lane, from: t };
}

function cut({ data, layout }, sight) {
  const { t, b } = layout.margin;
  const stretch = (layout.height - t - b) / (sight.height - t - b);
  return {
    data: data.map((trace) => inSight(trace, sight.top, sight.bottom)),
    layout: {
      ...layout,
      height: sight.height,
      yaxis: { ...layout.yaxis, range: [sight.bottom, sight.top], showticklabels: false },
      // it stands some pixels above the plotting area, which is lower now
      legend: { ...layout.legend, y: 1 + (layout.legend.y - 1) * stretch },
    },
  };
}

// The names of the groups, each beside what is in sight of it: one Tab stop, arrow keys, folded by a click.
function namesOf(model) {
  const box = document.createElement("div");
  box.className = "mk-groups mk-toolbar";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Groups of the chart");
  const button = () => {
    const fresh = document.createElement("button");
    fresh.append(...["caret", "name", "count"].map((part) => {
      const span = document.createElement("span");
      span.className = `mk-group-${part}`;
      return span;
    }));
    fresh.addEventListener("click", (event) => {
      model.send({ kind: "fold", name: fresh.dataset.name, all: event.shiftKey });
    });
    return fresh;
  };
  const shown = () => [...box.children].filter((one) => !one.hidden);
  const show = (groups, sight, width) => {
    box.style.width = `${width}px`;
    while (box.children.length < groups.length) box.append(button());
    while (box.children.length > groups.length) box.lastChild.remove();
    groups.forEach(({ name, count, top, bottom, folded }, i) => {
      const one = box.children[i];
      const [from, to] = [Math.max(top, sight.top), Math.min(bottom, sight.bottom)];
      one.hidden = !name || (to - from) * sight.lane < Math.min(NAME_PX, (bottom - top) * sight.lane) - 1;
      if (one.hidden) return;
      const words = [folded ? "▸" : "▾", name, count.toLocaleString("en")];
      words.forEach((text, part) => { one.children[part].textContent = text; });
      one.dataset.name = name;
      one.title = `${name}: click to ${folded ? "unfold" : "fold"}, with Shift all`;
      one.setAttribute("aria-expanded", String(!folded));
      one.style.top = `${sight.from + ((from + to) / 2 - sight.top) * sight.lane}px`;
    });
    // the arrow keys are those of every toolbar; nobody else hears what is changed in a chart
    const all = shown();
    const stop = all.find((one) => one.tabIndex === 0) ?? all[0];
    for (const one of box.children) one.tabIndex = one === stop ? 0 : -1;
  };
  return { box, show };
}

// Where a figure stands while its lanes scroll
function scrolled(box, model, redraw) {
  const track = document.createElement("div");
  const frame = document.createElement("div");
  const gd = document.createElement("div");
  const names = namesOf(model);
  frame.className = "mk-sight";
  frame.append(gd, names.box);
  track.append(frame);
  box.append(track);
  let waiting = 0;
  const turned = () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      redraw();
    });
  };
  box.addEventListener("scroll", turned);
  const take = (picture) => {
    box.style.maxHeight = `${picture.seen}px`;
    track.style.height = `${picture.layout.height}px`;
    const sight = sightOf(picture, box);
    names.show(picture.groups, sight, picture.layout.margin.l);
    return cut(picture, sight);
  };
  const leave = () => {
    cancelAnimationFrame(waiting);
    box.removeEventListener("scroll", turned);
  };
  return { gd, take, leave };
}
