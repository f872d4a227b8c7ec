"use strict";
// Draws <section data-trends="/trends/BR-01/events?span=1+d" data-zone="Asia/Shanghai"> with a <figure data-channel> for each
// channel. The data of an event: {"from", "to", "since", "channels": {"pH": {"unit", "at", "low", "high", "doubtful", "gap",
// "lines"}}}, times in seconds; from "since" on it takes the place of what was known, and all of it where that is null.
// Each answer is one event and ends: the browser asks again with the last event's id, so an open chart holds no thread.
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
    const known = [...channel.low, ...channel.high, ...channel.lines.map((line) => line.value)];
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
  const SILENT = 6000, AGAIN = 5000;  // ms without an answer after which the charts are stale; until a refused stream is tried again

  // What is known of a channel, with the newer columns in the place of the same ones, and without those that have left the span.
  function joined(known, newer, since, from) {
    if (!known || since === null) return newer;
    const kept = (name) => known[name].filter((_, index) => known.at[index] >= from && known.at[index] < since);
    const doubtful = known.doubtful.filter((at) => at >= from && at < since);
    if (!newer) return { ...known, at: kept("at"), low: kept("low"), high: kept("high"), doubtful };
    const both = (name) => [...kept(name), ...newer[name]];
    return { ...newer, gap: known.gap, at: both("at"), low: both("low"), high: both("high"), doubtful: [...doubtful, ...newer.doubtful] };
  }

  // A null stands in each gap, where the line is broken.
  function broken(channel) {
    const at = [], low = [], high = [];
    channel.at.forEach((when, index) => {
      const before = channel.at[index - 1];
      if (index && when - before > channel.gap) { at.push((before + when) / 2); low.push(null); high.push(null); }
      at.push(when); low.push(channel.low[index]); high.push(channel.high[index]);
    });
    return [at, low, high];
  }

  function show(told) {
    const span = [told.from, told.to];
    for (const figure of place.querySelectorAll("[data-channel]")) {
      const channel = joined(made.get(figure)?.state.channel, told.channels[figure.dataset.channel], told.since, told.from);
      if (!channel) continue;
      if (!made.has(figure)) made.set(figure, make(figure, channel, span, place.dataset.zone));
      const { plot, state, title } = made.get(figure);
      Object.assign(state, { channel, span });
      title.textContent = words(figure.dataset.channel) + (channel.words ? `, ${channel.words}` : "");
      plot.setData(broken(channel));
    }
    place.dataset.drawn = told.to;
  }

  let heard = new Date();
  function listen() {
    const columns = Math.max(50, place.querySelector("[data-channel]").clientWidth - 100);
    const source = new EventSource(`${place.dataset.trends}&columns=${columns}`);
    source.addEventListener("message", (event) => { heard = new Date(); show(JSON.parse(event.data)); });
    // An answer that has ended is an error to the browser, which asks again; after any other it has closed the source.
    source.addEventListener("error", async () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(listen, AGAIN);
      const answer = await fetch(location.href, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (answer?.redirected) location.reload();
    });
  }

  function age() {
    const note = place.querySelector("[data-broken]"), stale = Date.now() - heard > SILENT;
    if (note.hidden !== stale) return;
    note.hidden = !stale;
    place.classList.toggle("is-broken", stale);
    note.querySelector("[data-broken-since]").textContent = heard.toLocaleTimeString("en-GB", { timeZone: place.dataset.zone });
  }

  if (place) { listen(); setInterval(age, 1000); }
})();
