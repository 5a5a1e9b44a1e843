// A cell that names a milestone's event: a link to its page, a button that copies the ticker, and how many
// more there are. What was searched for is marked. Text goes in through textContent only.
function written(cell, text, marks) {
  if (!marks?.length) {
    cell.textContent = text;
    return;
  }
  cell.replaceChildren(...marks.map(([piece, hit]) => {
    if (!hit) return document.createTextNode(piece);
    const mark = document.createElement("mark");
    mark.textContent = piece;
    return mark;
  }));
}

function tickerCell(cell, tickers, text, pick) {
  if (!tickers.address && !tickers.more) {
    written(cell, text, tickers.marks);
    return;
  }
  const box = document.createElement("div");
  box.className = "mk-linked";
  const name = document.createElement(tickers.address ? "a" : "span");
  name.className = "mk-ticker";
  written(name, tickers.ticker, tickers.marks);
  box.append(name);
  if (tickers.address) {
    Object.assign(name, { href: tickers.address, target: "_blank", rel: "noopener noreferrer" });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "mk-copy";
    button.title = `Copy ${tickers.ticker}`;
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", () => copyFor(button, tickers.ticker));
    box.append(button);
  }
  if (tickers.more) {
    const rest = document.createElement("button");
    rest.type = "button";
    rest.className = "mk-rest";
    rest.textContent = `+${tickers.more.toLocaleString("en")}`;
    rest.setAttribute("aria-label", `${rest.textContent} more: open the details`);
    rest.addEventListener("click", pick);
    box.append(rest);
  }
  cell.title = tickers.all;
  cell.append(box);
}
