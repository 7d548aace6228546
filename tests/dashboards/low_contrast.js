// Texts that are to be seen, their colour less than 4.5 : 1 from what is behind them (WCAG 2.2, 1.4.3), with the ratio.
() => {
  const parsed = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const above = (element) =>
    element.assignedSlot || element.parentElement || element.getRootNode().host || null;
  const chain = (element) => (element ? [element, ...chain(above(element))] : []);
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a),
    g: top.g * top.a + below.g * (1 - top.a),
    b: top.b * top.a + below.b * (1 - top.a),
    a: 1,
  });
  const contrast = (element, style) => {
    const behind = chain(element).map((each) => parsed(getComputedStyle(each).backgroundColor));
    const ground = behind.reduceRight((below, top) => over(top, below), { r: 255, g: 255, b: 255, a: 1 });
    const opacity = chain(element).reduce((all, each) => all * Number(getComputedStyle(each).opacity), 1);
    const ink = parsed(style.color);
    if (opacity < 0.01) return 21;
    const pair = [luminance(ground), luminance(over({ ...ink, a: ink.a * opacity }, ground))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  };
  const found = new Set();
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
      const written = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      const text = written.map((node) => node.textContent).join(" ").trim() || element.placeholder || "";
      if (!text || element.disabled || ["STYLE", "SCRIPT", "OPTION"].includes(element.tagName)) continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      const hint = element.placeholder && !element.value ? "::placeholder" : undefined;
      const ratio = contrast(element, getComputedStyle(element, hint));
      if (ratio < 4.5) found.add(`${ratio.toFixed(2)}: ${text.slice(0, 60)}`);
    }
  };
  visit(document);
  return [...found];
}
