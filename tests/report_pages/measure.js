// Measures the page that it stands in, and tells the page around it what it saw.
addEventListener("load", () => {
  const wrong = [];
  const say = (...words) => wrong.length < 20 && wrong.push(words.join(" "));
  const boxOf = (element) => element.getBoundingClientRect();
  const shown = (element) => boxOf(element).width > 0 && boxOf(element).height > 0;
  const least = LOOK === "Paper" ? 8 : 10;
  document.querySelectorAll("details").forEach((details) => (details.open = true));

  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = parse(color).map((part) => part / 255).map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = getComputedStyle(document.body).backgroundColor;
  const isDark = luminance(paper) < 0.2;
  if (isDark !== (LOOK === "Dark")) say("the page is", paper);
  const pale = (what, color) => {
    const [a, b] = [luminance(color) + 0.05, luminance(paper) + 0.05];
    const contrast = Math.max(a, b) / Math.min(a, b);
    if (contrast < 4.5) say(what, "has a contrast of", contrast.toFixed(2));
  };

  const charts = [];
  for (const figure of document.querySelectorAll("figure")) {
    const drawn = [...figure.querySelectorAll("svg")];
    if (drawn.length === 0) continue;
    const seen = drawn.filter(shown);
    if (seen.length !== 1) say(figure.id, "shows", seen.length, "of", drawn.length, "pictures");
    if (seen.length === 1) charts.push(figure.id);
    if (!figure.querySelector("figcaption").textContent.endsWith(".")) say(figure.id, "has no sentence");
    for (const svg of seen) look(figure.id, svg);
  }

  function look(id, svg) {
    const frame = boxOf(svg);
    const scale = frame.width / svg.viewBox.baseVal.width;
    if (svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")) say(id, "has no name for those who can't see it");
    if (frame.right > innerWidth + 1) say(id, "is cut off at the right");
    const ground = svg.querySelector("rect");
    if (getComputedStyle(ground).fill !== paper) say(id, "is drawn on", getComputedStyle(ground).fill);
    const texts = [...svg.querySelectorAll("text")].map((text) => ({ text, box: boxOf(text), words: text.textContent.trim() }));
    if (texts.length === 0) say(id, "has no text");
    texts.forEach(({ text, box, words }, index) => {
      const outside = box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
      if (outside) say(id, "text outside:", words);
      const size = parseFloat(getComputedStyle(text).fontSize) * scale;
      if (size < least) say(id, "text of", size.toFixed(1), "px:", words);
      pale(id + " " + words, getComputedStyle(text).fill);
      for (const other of texts.slice(index + 1)) {
        // Boxes have air above and below the letters.
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 1 && down > 3) say(id, "texts overlap:", words, "and", other.words);
      }
    });
  }

  if (document.documentElement.scrollWidth > innerWidth) say("the page is", document.documentElement.scrollWidth, "px wide");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("svg, script, style") || !shown(element)) continue;
    const style = getComputedStyle(element);
    pale(node.data.trim().slice(0, 30), style.color);
    if (parseFloat(style.fontSize) < least) say("text of", style.fontSize, node.data.trim().slice(0, 30));
    const range = document.createRange();
    range.selectNodeContents(node);
    const scrolls = element.closest(".scroll") && LOOK !== "Paper";
    if (!scrolls && range.getBoundingClientRect().right > innerWidth) say("cut off:", node.data.trim().slice(0, 30));
  }

  // A figure that is cut in two reads as another one.
  for (const table of document.querySelectorAll(".scroll")) {
    if (table.scrollWidth > table.clientWidth + 1) say("a table is cut:", table.textContent.slice(0, 40));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const head = [...table.querySelectorAll("thead button")].at(-1);
    const column = head.closest("th").cellIndex;
    const values = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[column].dataset.v));
    const is = (order) => values().every((value, index, all) => index === 0 || Number.isNaN(value) || order(all[index - 1], value));
    head.click();
    if (!is((a, b) => a >= b)) say("not sorted downwards:", values());
    head.click();
    if (!is((a, b) => a <= b)) say("not sorted upwards:", values());
  }

  const fetched = performance.getEntriesByType("resource").map((entry) => entry.name);
  if (fetched.length > 0) say("fetched", fetched);
  parent.postMessage({ page: PAGE, width: WIDTH, charts, wrong }, "*");
});
