// Back, forward, days, saved views and the watchlist: one row of buttons, and two forms that open below it.
// Text goes in through textContent and value only.
function element(kind, className, parts = []) {
  const one = document.createElement(kind);
  if (className) one.className = className;
  one.append(...parts);
  return one;
}

function tool(label, text, press) {
  const one = element("button", "mk-tool", [text]);
  one.type = "button";
  one.title = label;
  one.setAttribute("aria-label", label);
  one.addEventListener("click", press);
  return one;
}

// A form that lies over what is below, within the panel; Escape and a click beside close it
function popover(host, opener, label) {
  const box = element("div", "mk-popover");
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", label);
  box.hidden = true;
  opener.setAttribute("aria-haspopup", "dialog");
  const turn = (open) => {
    box.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open) return;
    box.style.left = "0";
    const panel = host.closest(".mk-explorer")?.getBoundingClientRect();
    if (panel) {
      const beyond = box.getBoundingClientRect().right - panel.right + 12;
      const free = host.getBoundingClientRect().left - panel.left - 12;
      box.style.left = `${-Math.max(Math.min(beyond, free), 0)}px`;
    }
    box.querySelector("input, textarea")?.focus({ preventScroll: true });
  };
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // the details stay open
    turn(false);
    opener.focus();
  });
  turn(false);
  return { box, turn };
}

function render({ model, el }) {
  el.classList.add("mk-views");
  const ask = (message) => model.send(message);
  const bar = element("div", "mk-toolbar mk-tools");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Views");
  const back = tool("Back to the view before (Alt+Left)", "←", () => ask({ kind: "back" }));
  const forward = tool("Forward to the view after (Alt+Right)", "→", () => ask({ kind: "forward" }));
  const earlier = tool("The day before", "‹ day", () => ask({ kind: "day", by: -1 }));
  const later = tool("The day after", "day ›", () => ask({ kind: "day", by: 1 }));
  const views = tool("Saved views", "Views", () => open(saved, watching));
  const watch = tool("Watchlist", "Watch", () => open(watching, saved));
  bar.append(back, forward, earlier, later, views, watch);

  const saved = popover(el, views, "Saved views");
  const list = element("div", "mk-saved");
  const name = element("input");
  name.type = "text";
  name.maxLength = 60;
  name.placeholder = "Name of this view";
  name.setAttribute("aria-label", "Name of this view");
  const save = tool("Save what is on screen under this name", "Save", () => {
    if (name.value.trim()) ask({ kind: "save_view", name: name.value });
    name.value = "";
  });
  name.addEventListener("keydown", (event) => event.key === "Enter" && save.click());
  saved.box.append(list, element("div", "mk-line", [name, save]));

  const watching = popover(el, watch, "Watchlist");
  const field = element("textarea");
  field.rows = 5;
  field.placeholder = "Tickers of events or series, ids: paste them here";
  field.setAttribute("aria-label", "Tickers and ids to watch");
  const keep = tool("Watch these, and keep the list", "Watch these", () => {
    ask({ kind: "watch", text: field.value });
    watching.turn(false);
    watch.focus();
  });
  const clear = tool("Watch nothing any more", "Clear", () => {
    field.value = "";
    keep.click();
  });
  watching.box.append(field, element("div", "mk-line", [keep, clear]));

  const open = (one, other) => {
    other.turn(false);
    if (one === saved && one.box.hidden) ask({ kind: "views" });
    if (one === watching && one.box.hidden) field.value = model.get("watch").join("\n");
    one.turn(one.box.hidden);
  };
  const shown = () => {
    // a button that cannot be pressed any more would lose the focus to nobody
    if (document.activeElement === back && !model.get("can_back")) forward.focus();
    back.disabled = !model.get("can_back");
    forward.disabled = !model.get("can_forward");
    const count = model.get("watch").length;
    watch.textContent = count ? `Watch ${count}` : "Watch";
  };
  const listed = () => {
    const inside = list.contains(document.activeElement);
    const lines = model.get("views").map((view) => {
      const show = tool(`Show the view ${view}`, view, () => {
        ask({ kind: "show_view", name: view });
        saved.turn(false);
        views.focus();
      });
      show.classList.add("mk-name");
      const forget = tool(`Forget the view ${view}`, "×", () => ask({ kind: "forget_view", name: view }));
      return element("div", "mk-line", [show, forget]);
    });
    const none = element("span", "mk-muted", ["No view is saved yet."]);
    list.replaceChildren(...(lines.length ? lines : [none]));
    if (inside) name.focus({ preventScroll: true });
  };
  const beside = (event) => {
    if (el.contains(event.target)) return;
    saved.turn(false);
    watching.turn(false);
  };
  el.append(bar, saved.box, watching.box);
  shown();
  listed();
  model.on("change:can_back change:can_forward change:watch", shown);
  model.on("change:views", listed);
  document.addEventListener("pointerdown", beside, true);
  return () => {
    model.off("change:can_back change:can_forward change:watch", shown);
    model.off("change:views", listed);
    document.removeEventListener("pointerdown", beside, true);
  };
}

export default { render };
