"use strict";
// Draws <section data-trends="/trends/BR-01/points?span=1+d" data-zone="Asia/Shanghai"> with a <figure data-channel> for each
// channel. The answer: {"from", "to", "channels": {"pH": {"unit", "at", "low", "high", "doubtful", "lines"}}}, times in seconds;
// a null is a gap. It is asked for again by itself: one short request, so that an open chart holds no thread of the server.
(() => {
  const words = (name) => name.replaceAll("_", " ");

  // From the lowest to the highest of each column, and a line where they are one; ◆ below where something was not good.
  function band(plot, low, high, doubtful, ink, mark) {
    const { ctx } = plot, x = (at) => plot.valToPos(at, "x", true), y = (value) => plot.valToPos(value, "y", true);
    const at = plot.data[0];
    ctx.save();
    Object.assign(ctx, { strokeStyle: ink, lineWidth: 1.6 * devicePixelRatio, lineJoin: "round" });
    ctx.beginPath();
    let drawing = false;
    at.forEach((when, index) => {
      if (low[index] === null) { drawing = false; return; }
      const place = x(when);
      if (drawing) ctx.lineTo(place, y(high[index])); else { ctx.moveTo(place - 1, y(high[index])); ctx.lineTo(place + 1, y(high[index])); }
      ctx.lineTo(place, y(low[index]));
      drawing = true;
    });
    ctx.stroke();
    ctx.fillStyle = mark;
    const base = plot.bbox.top + plot.bbox.height - 7, half = 5 * devicePixelRatio;
    doubtful.forEach((when) => {
      const place = x(when);
      ctx.beginPath();
      ctx.moveTo(place, base - half); ctx.lineTo(place + half, base); ctx.lineTo(place, base + half); ctx.lineTo(place - half, base);
      ctx.fill();
    });
    ctx.restore();
  }

  function limits(plot, lines, ink, font) {
    const { ctx } = plot, { left, top, width, height } = plot.bbox;
    ctx.save();
    Object.assign(ctx, { strokeStyle: ink, fillStyle: ink, font, lineWidth: 1.5 * devicePixelRatio, textAlign: "right", textBaseline: "bottom" });
    ctx.setLineDash([10, 7]);
    lines.forEach((line) => {
      const y = plot.valToPos(line.value, "y", true);
      if (y < top || y > top + height) return;
      ctx.beginPath(); ctx.moveTo(left, y); ctx.lineTo(left + width, y); ctx.stroke();
      ctx.fillText(line.label, left + width - 8, y - 3);
    });
    ctx.restore();
  }

  function range(channel) {
    const known = [...channel.low, ...channel.high, ...channel.lines.map((line) => line.value)].filter((value) => value !== null);
    const least = Math.min(...known), most = Math.max(...known), room = (most - least) * 0.12 || Math.abs(most) * 0.05 || 1;
    return known.length ? [least - room, most + room] : [0, 1];
  }

  function make(figure, channel, span, zone) {
    const style = getComputedStyle(figure), ink = style.getPropertyValue("--ink").trim(), grey = style.getPropertyValue("--ink-2").trim();
    const font = `16px ${style.fontFamily}`, axis = { stroke: grey, font, grid: { stroke: "#e0e4e6", width: 1 }, ticks: { show: false } };
    const state = { channel, span };
    const title = document.createElement("figcaption");
    figure.prepend(title);
    const plot = new uPlot({
      width: figure.clientWidth, height: figure.clientHeight - 30,
      cursor: { show: false }, legend: { show: false },
      tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), zone),
      scales: { x: { range: () => state.span }, y: { range: () => range(state.channel) } },
      axes: [{ ...axis, size: 30, space: 90, values: times }, { ...axis, size: 84, space: 34 }],
      series: [{}, { show: true, paths: () => null, points: { show: false } }, { paths: () => null, points: { show: false } }],
      hooks: { draw: [(self) => {
        limits(self, state.channel.lines, style.getPropertyValue("--action").trim(), font);
        band(self, self.data[1], self.data[2], state.channel.doubtful, ink, style.getPropertyValue("--alert-ink").trim());
      }] },
    }, [[], [], []], figure);
    addEventListener("resize", () => plot.setSize({ width: figure.clientWidth, height: figure.clientHeight - 30 }));
    return { plot, state, title };
  }

  // Days where the span is days, hours where it is hours; always as dates are written here.
  function times(plot, ticks) {
    const two = (number) => String(number).padStart(2, "0"), days = ticks.length > 1 && ticks[1] - ticks[0] >= 86400;
    return ticks.map((tick) => {
      const at = uPlot.tzDate(new Date(tick * 1e3), place.dataset.zone);
      const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`, hour = `${two(at.getHours())}:${two(at.getMinutes())}`;
      return days || hour === "00:00" ? day : hour;
    });
  }

  const place = document.querySelector("[data-trends]");
  const made = new Map();

  async function refresh() {
    const figures = [...place.querySelectorAll("[data-channel]")];
    const answer = await fetch(`${place.dataset.trends}&columns=${Math.max(50, figures[0].clientWidth - 100)}`, { headers: { "HX-Request": "true" } });
    if (answer.redirected) location.reload();
    if (!answer.ok) return;
    const data = await answer.json(), span = [data.from, data.to];
    for (const figure of figures) {
      const channel = data.channels[figure.dataset.channel];
      if (!channel) continue;
      channel.lines ??= [];
      if (!made.has(figure)) made.set(figure, make(figure, channel, span, place.dataset.zone));
      const { plot, state, title } = made.get(figure);
      Object.assign(state, { channel, span });
      title.textContent = words(figure.dataset.channel) + (channel.words ? `, ${channel.words}` : "");
      plot.setData([channel.at, channel.low, channel.high]);
    }
    place.dataset.drawn = data.to;
    setTimeout(refresh, Math.min(60, Math.max(5, (data.to - data.from) / 800)) * 1e3);
  }
  if (place) refresh().catch(() => setTimeout(refresh, 30e3));
})();
