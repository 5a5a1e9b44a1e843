// The card under the pointer. It goes when the pointer leaves the mark: what can be done with it is one
// click away, and it says so.
function hinted(trace) {
  if (typeof trace.customdata?.[0] !== "string" || !trace.hovertemplate) return trace;
  return { ...trace, hovertemplate: trace.hovertemplate.replace("<extra>", "<br><i>click for links</i><extra>") };
}

// Plotly keeps the card within its figure, of which a part may be out of sight: there it is pushed up or
// down. It draws the card anew with every move of the pointer, and tells of another mark only.
function wholeCard(gd, box) {
  let layer = null;
  const place = () => {
    layer.style.transform = "";
    const card = layer.getBoundingClientRect();
    if (!card.height) return;
    const [top, bottom] = sight(box);
    const by = Math.max(Math.min(bottom - card.bottom - 1, 0), top - card.top);
    if (Math.abs(by) > 0.5) layer.style.transform = `translateY(${by}px)`;
  };
  const changes = new MutationObserver(place);
  const hovered = () => {
    const now = gd.querySelector(".hoverlayer");
    if (!now) return;
    if (now !== layer) {
      changes.disconnect();
      layer = now;
      changes.observe(layer, { subtree: true, childList: true, attributeFilter: ["transform", "d"] });
    }
    place();
  };
  return { hovered, leave: () => changes.disconnect() };
}
