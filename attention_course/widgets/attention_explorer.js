// Everything happens here, on the weights in the model: no kernel and no other file is needed.

const ROW = 26; // pixels, as in the style sheet
const PALE = 0.2; // a region without weight

function make(tag, className, text, attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text; // never innerHTML: words are words
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const inflated = (deflated) =>
  new Response(new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
const said = (weight) => weight.toFixed(2);

// What is read aloud: where the weights are largest, with ties and rows of zeros told as what they are.
function strongest(weights, name, verb) {
  const top = Math.max(...weights);
  if (!top) return `${verb} nothing`;
  if (weights.length > 1 && weights.every((weight) => weight === top))
    return `${verb} all ${weights.length} evenly (${said(top)} each)`;
  const order = [...weights.keys()].filter((i) => weights[i]).sort((a, b) => weights[b] - weights[a] || a - b);
  const joined = (i, n) => (n === 0 ? "" : weights[i] === weights[order[n - 1]] ? " and " : ", then ");
  const best = order.slice(0, 3).map((i, n) => `${joined(i, n)}${name(i)} (${said(weights[i])})`);
  return `${verb.replace(/(at|by)$/, "most $1")} ${best.join("")}`;
}

async function render({ model, el }) {
  const { shape, peaks, queries, keys, labels, layers, heads, start } = model.get("content");
  const [deflated, colours, encoded] = ["levels", "colours", "picture"].map((name) => bytes(model.get(name)));
  const levels = new Uint8Array(await inflated(deflated));
  const [rows, columns] = shape.slice(-2);
  const overPicture = encoded.length > 0;
  const size = overPicture ? rows * columns : keys.length;
  const state = { side: null, index: 0, ...start };
  if (state.query !== null) Object.assign(state, { side: "queries", index: state.query });

  // A picture's maps come as shares of their peaks.
  const weigh = (head, query, key) => {
    const row = (state.layer * heads.length + head) * queries.length + query;
    return (levels[row * size + key] / 255) * (peaks[row] ?? 1);
  };
  const weight = (query, key) => weigh(state.head, query, key);
  const rowOf = (query) => all(size).map((key) => weight(query, key));
  const columnOf = (key) => all(queries.length).map((query) => weight(query, key));
  const all = (count) => [...Array(count).keys()];

  const root = make("div", "attention-explorer", "", { role: "group", "aria-label": "Attention explorer" });
  root.dataset.lmSuppressShortcuts = "true"; // the arrow keys are ours, not the notebook's

  // Layers and heads: radio buttons, which bring their arrow keys along; heads show their maps.
  const thumbnails = [];
  function chooser(what, names, withMaps) {
    if (names.length < 2) return;
    const set = make("fieldset");
    const group = `${what}-${Math.random()}`;
    set.append(make("legend", "", what));
    names.forEach((name, index) => {
      const label = make("label");
      const radio = make("input", "", "", { type: "radio", name: group });
      const face = make("span", "", name);
      radio.checked = index === state[what];
      radio.addEventListener("change", () => {
        state[what] = index;
        draw();
      });
      if (withMaps) {
        const scale = Math.max(1, Math.floor(64 / Math.max(size, queries.length)));
        const canvas = make("canvas", "", "", { width: size, height: queries.length, "aria-hidden": "true" });
        canvas.style.width = `${size * scale}px`;
        canvas.style.height = `${queries.length * scale}px`;
        face.prepend(canvas);
        thumbnails.push(canvas);
      }
      label.append(radio, face);
      set.append(label);
    });
    root.append(set);
  }
  chooser("layer", layers, false);
  chooser("head", heads, !overPicture);

  function drawThumbnails() {
    thumbnails.forEach((canvas, head) => {
      const context = canvas.getContext("2d");
      const pixels = context.createImageData(size, queries.length);
      for (const query of all(queries.length))
        for (const key of all(size)) {
          const colour = 3 * Math.round(255 * weigh(head, query, key));
          pixels.data.set([...colours.slice(colour, colour + 3), 255], 4 * (query * size + key));
        }
      context.putImageData(pixels, 0, 0);
    });
  }

  // Words: one list box a column; hover, click or the arrow keys choose.
  const lists = {};
  function list(side, words, label) {
    const box = make("ul", side, "", { role: "listbox", "aria-label": label });
    words.forEach((word, index) => {
      const item = make("li", "", "", { role: "option", tabindex: -1 });
      item.append(make("span", "", word || " "), make("i"));
      for (const event of ["pointerenter", "click", "focus"])
        item.addEventListener(event, () => choose(side, index));
      box.append(item);
    });
    lists[side] = box;
    return box;
  }

  function choose(side, index) {
    if (state.side === side && state.index === index) return;
    Object.assign(state, { side, index });
    draw();
  }

  const words = { queries, keys };
  root.addEventListener("keydown", (event) => {
    const item = event.target.closest("li");
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape") choose(null, 0);
    else if (event.target.type === "radio" && step) {
      // What the browser does by itself, but for JupyterLab, which keeps it from doing so.
      const radios = [...event.target.closest("fieldset").querySelectorAll("input")];
      const next = radios[(radios.indexOf(event.target) + step + radios.length) % radios.length];
      next.focus();
      next.click();
    } else if (item) {
      const at = state.side ?? "queries";
      const last = words[at].length - 1;
      let side = at;
      let index = step ? state.index + step : { Home: 0, End: last }[event.key];
      if (!overPicture && event.key === "ArrowLeft") [side, index] = ["queries", state.index];
      if (!overPicture && event.key === "ArrowRight") [side, index] = ["keys", state.index];
      if (index === undefined) return;
      lists[side].children[Math.max(0, Math.min(index, words[side].length - 1))].focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  const name = (side, index) => {
    const twice = words[side].indexOf(words[side][index]) !== words[side].lastIndexOf(words[side][index]);
    return `“${words[side][index]}”${twice ? ` at position ${index + 1}` : ""}`;
  };
  const region = (index) => `row ${Math.floor(index / columns) + 1}, column ${(index % columns) + 1}`;

  const [queryLabel, keyLabel] = labels;
  const status = make("p", "", "", { role: "status", "aria-live": "polite" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const canvas = make("canvas", "picture", "", { role: "img" });
  let picture = null;
  if (overPicture) {
    root.append(list("queries", queries, queryLabel), canvas);
    lists.queries.classList.add("words");
    createImageBitmap(new Blob([encoded])).then((bitmap) => {
      picture = bitmap;
      const scale = Math.max(1, Math.round(400 / bitmap.width));
      canvas.width = bitmap.width * scale;
      canvas.height = bitmap.height * scale;
      drawPicture();
    });
  } else {
    const height = ROW * Math.max(queries.length, keys.length);
    svg.setAttribute("viewBox", `0 0 100 ${height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    svg.style.height = `${height}px`;
    const box = make("div", "columns");
    box.append(make("h4", "queries", queryLabel), make("span"), make("h4", "keys", keyLabel));
    box.append(list("queries", queries, queryLabel), svg, list("keys", keys, keyLabel));
    root.append(box);
  }
  root.append(status);

  function drawLines() {
    const chosen = (side, index) => state.side === null || state.side !== side || state.index === index;
    const lines = [];
    for (const query of all(queries.length)) {
      if (!chosen("queries", query)) continue;
      for (const key of all(size)) {
        const part = weight(query, key);
        if (!part || !chosen("keys", key)) continue;
        const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
        const ends = { x1: 0, x2: 100, y1: (query + 0.5) * ROW, y2: (key + 0.5) * ROW };
        const faint = state.side === null ? part : 0.2 + 0.8 * part;
        const look = { "stroke-width": 0.5 + 5 * part, "stroke-opacity": faint };
        for (const [attribute, value] of Object.entries({ ...ends, ...look })) line.setAttribute(attribute, value);
        lines.push(line);
      }
    }
    svg.replaceChildren(...lines);
  }

  // Each region as strong as its weight beside the largest, so that it fades into the page, light or dark.
  function drawPicture() {
    if (!picture) return;
    const context = canvas.getContext("2d");
    const map = rowOf(state.index);
    const top = Math.max(...map) || 1;
    const edge = (index, count, length) => Math.round((index * length) / count);
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const key of all(size)) {
      const [row, column] = [Math.floor(key / columns), key % columns];
      const [x, y] = [edge(column, columns, canvas.width), edge(row, rows, canvas.height)];
      const [w, h] = [edge(column + 1, columns, canvas.width) - x, edge(row + 1, rows, canvas.height) - y];
      const [across, down] = [picture.width / canvas.width, picture.height / canvas.height];
      context.globalAlpha = state.side === null ? 1 : PALE + (1 - PALE) * (map[key] / top);
      context.drawImage(picture, x * across, y * down, w * across, h * down, x, y, w, h);
    }
  }

  function draw() {
    for (const [side, box] of Object.entries(lists)) {
      const other = state.side !== null && state.side !== side;
      [...box.children].forEach((item, index) => {
        const chosen = state.side === side && state.index === index;
        const part = other ? (side === "keys" ? weight(state.index, index) : weight(index, state.index)) : 0;
        item.setAttribute("aria-selected", chosen);
        item.tabIndex = chosen || (state.side === null && side === "queries" && index === 0) ? 0 : -1;
        item.style.setProperty("--weight", part);
        item.dataset.weight = part < 0.005 ? "" : said(part);
      });
    }
    drawThumbnails();
    const where = [layers, heads].map((names, i) => (names.length > 1 ? names[i ? state.head : state.layer] : ""));
    const prefix = where.filter(Boolean).join(", ");
    let sentence = "Point at a word, or press Tab and the arrow keys. Escape shows all again.";
    const here = state.side && name(state.side, state.index);
    if (state.side === "queries") {
      const names = overPicture ? region : (key) => name("keys", key);
      sentence = `${here} ${strongest(rowOf(state.index), names, "looks at")}.`;
    } else if (state.side === "keys") {
      const names = (query) => name("queries", query);
      sentence = `${here} ${strongest(columnOf(state.index), names, "is looked at by")}.`;
    }
    status.textContent = prefix ? `${prefix}: ${sentence}` : sentence;
    if (overPicture) {
      canvas.setAttribute("aria-label", `The picture. ${status.textContent}`);
      drawPicture();
    } else drawLines();
  }

  draw();
  el.append(root);
}

export default { render };
