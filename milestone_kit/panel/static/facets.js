// Check lists with counts: the first few values, and all of them with a search once asked for. Server text
// goes in through textContent only.
const FEW = 8;

function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function option(facet, item, most, toggle) {
  const row = document.createElement("label");
  row.className = "mk-option" + (item.count ? "" : " mk-none");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = facet.chosen.includes(item.value);
  box.dataset.value = item.value;
  box.addEventListener("change", () => toggle(item.value, box.checked));
  const name = document.createElement("span");
  name.className = "mk-name";
  name.textContent = item.value;
  name.title = item.value;
  const count = document.createElement("span");
  count.className = "mk-count";
  count.textContent = item.count.toLocaleString("en-US");
  const bar = document.createElement("span");
  bar.className = "mk-bar";
  bar.style.width = `${most ? (100 * item.count) / most : 0}%`;
  row.append(box, name, count, bar);
  return row;
}

// What of a long list is shown: all that fits the search, the first few and what is checked without one
function offered(facet, open) {
  if (open) return facet.options.filter((item) => folded(item.value).includes(folded(open.search)));
  return facet.options.filter((item, i) => i < FEW || facet.chosen.includes(item.value));
}

function searchBox(facet, open, redraw) {
  const box = document.createElement("input");
  box.type = "search";
  box.className = "mk-search";
  box.placeholder = `Search in ${facet.options.length.toLocaleString("en-US")} values`;
  box.setAttribute("aria-label", `Search in ${facet.label}`);
  box.value = open.search;
  box.addEventListener("input", () => {
    open.search = box.value;
    redraw();
  });
  return box;
}

function fieldset(facet, open, change, turn, redraw) {
  const set = document.createElement("fieldset");
  set.className = "mk-facet mk-toolbar"; // one Tab stop, arrow keys within
  set.dataset.facet = facet.name;
  const legend = document.createElement("legend");
  const title = document.createElement("span");
  title.textContent = facet.label;
  legend.append(title);
  if (facet.chosen.length) {
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = "clear";
    clear.setAttribute("aria-label", `Clear ${facet.label}`);
    clear.addEventListener("click", () => change(facet.name, []));
    legend.append(clear);
  }
  const options = document.createElement("div");
  options.className = "mk-options";
  const most = Math.max(...facet.options.map((item) => item.count), 0);
  const toggle = (value, on) =>
    change(facet.name, on ? [...facet.chosen, value] : facet.chosen.filter((other) => other !== value));
  const shown = offered(facet, open);
  options.append(...shown.map((item) => option(facet, item, most, toggle)));
  if (facet.hidden && open) {
    const more = document.createElement("div");
    more.className = "mk-option mk-none";
    more.textContent = `${facet.hidden.toLocaleString("en-US")} rarer values: set from code`;
    options.append(more);
  }
  set.append(legend);
  if (open) set.append(searchBox(facet, open, redraw));
  set.append(options);
  if (open || facet.options.length > shown.length) {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "mk-more";
    more.textContent = open ? "fewer" : `${(facet.options.length - shown.length).toLocaleString("en-US")} more`;
    more.setAttribute("aria-label", `${more.textContent} of ${facet.label}`);
    more.setAttribute("aria-expanded", String(Boolean(open)));
    more.addEventListener("click", () => turn(facet.name));
    set.append(more);
  }
  return set;
}

function render({ model, el }) {
  const change = (name, chosen) => {
    model.set("chosen", { ...model.get("chosen"), [name]: chosen });
    model.save_changes();
  };
  const opened = {}; // by list: what is searched for in it
  const turn = (name) => {
    if (opened[name]) delete opened[name];
    else opened[name] = { search: "" };
    draw();
    el.querySelector(`fieldset[data-facet="${name}"] ${opened[name] ? ".mk-search" : ".mk-more"}`)?.focus();
  };
  const draw = () => {
    const scrolls = {};
    for (const set of el.querySelectorAll("fieldset"))
      scrolls[set.dataset.facet] = set.querySelector(".mk-options").scrollTop;
    const active = document.activeElement;
    const searched = el.contains(active) && active.matches(".mk-search")
      ? [active.closest("fieldset").dataset.facet, active.selectionStart]
      : null;
    const focus = el.contains(active) && active.dataset.value !== undefined
      ? [active.closest("fieldset").dataset.facet, active.dataset.value]
      : null;
    const chosen = model.get("chosen");
    el.replaceChildren(
      ...model.get("facets").map((facet) =>
        fieldset({ ...facet, chosen: chosen[facet.name] ?? [] }, opened[facet.name], change, turn, draw),
      ),
    );
    for (const set of el.querySelectorAll("fieldset")) {
      set.querySelector(".mk-options").scrollTop = scrolls[set.dataset.facet] ?? 0;
      if (searched && set.dataset.facet === searched[0]) {
        const box = set.querySelector(".mk-search");
        box?.focus({ preventScroll: true });
        box?.setSelectionRange(searched[1], searched[1]);
      }
      if (focus && set.dataset.facet === focus[0])
        for (const box of set.querySelectorAll("input")) if (box.dataset.value === focus[1]) box.focus({ preventScroll: true });
    }
  };
  // checks set from code may leave every count as it was
  model.on("change:facets change:chosen", draw);
  draw();
  return () => model.off("change:facets change:chosen", draw);
}

export default { render };
