"use strict";
// Draws <div data-chart="/growth.json">. The answer: {"x": […], "x_label": "day of culture", "y_label": "viable cells", "log": true,
// "series": [{"label", "values"}], "lines": [{"label", "value"}]}: a series is measured points, a line is a limit or a target.
(() => {
  const raised = (power) => [...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");
  const number = (value) => (Math.abs(value) < 1e4 ? String(value)
    : value.toExponential().replace(/e\+(\d+)/, (_, power) => ` × 10${raised(power)}`).replace(/^1 × /, ""));

  // A line runs across the whole chart, and its name stands on it: no legend to look up.
  const named = (lines, ink, font) => ({
    hooks: {
      draw: [(plot) => lines.forEach((line) => {
        const at = plot.valToPos(line.value, "y", true), { left, width } = plot.bbox;
        Object.assign(plot.ctx, { font, fillStyle: ink, strokeStyle: ink, lineWidth: 1.5, textAlign: "right", textBaseline: "bottom" });
        plot.ctx.setLineDash([8, 6]);
        plot.ctx.stroke(new Path2D(`M${left} ${at}h${width}`));
        plot.ctx.setLineDash([]);
        plot.ctx.fillText(line.label, left + width - 8, at - 5);
      })],
    },
  });

  async function draw(place) {
    const data = await (await fetch(place.dataset.chart)).json();
    const style = getComputedStyle(place), ink = style.getPropertyValue("--ink-2").trim();
    const lines = data.lines || [], font = `16px ${style.fontFamily}`;
    const size = () => ({ width: place.clientWidth, height: place.clientHeight });
    const axis = { stroke: ink, font, labelFont: font, grid: { stroke: "#e0e4e6", width: 1 }, ticks: { stroke: "#77838a", width: 1 } };
    const curve = { stroke: "#12181b", width: 2.5, points: { show: true, size: 10, width: 2.5, fill: "#fff" } };
    const flat = { width: 0, points: { show: false } }; // drawn above; here it widens the scale
    const plot = new uPlot({
      ...size(),
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, range: [data.x[0], data.x_end ?? data.x.at(-1)] }, y: { distr: data.log ? 3 : 1 } },
      axes: [{ ...axis, label: data.x_label, size: 34, labelSize: 24, labelGap: 0 },
        { ...axis, size: 84, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : number(tick))) }],
      series: [{}, ...data.series.map(() => curve), ...lines.map(() => flat)],
      plugins: [named(lines, ink, font)],
    }, [data.x, ...data.series.map((series) => series.values), ...lines.map((line) => data.x.map(() => line.value))], place);
    addEventListener("resize", () => plot.setSize(size()));
  }
  document.querySelectorAll("[data-chart]").forEach(draw);
})();
