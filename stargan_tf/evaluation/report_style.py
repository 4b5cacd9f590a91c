"""How the report looks: light, and readable on a phone."""

STYLE = """
:root { --ink: #22252b; --soft: #667080; --line: #e4e8ee; --paper: #ffffff;
  --ground: #f5f7fa; --accent: #2f6f6b; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.7rem; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 36px 0 10px; }
p { margin: 6px 0; }
.soft { color: var(--soft); font-size: .92rem; }
.tiles { display: grid; gap: 12px; margin-top: 20px;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.tile, .card { background: var(--paper); border: 1px solid var(--line);
  border-radius: 10px; padding: 14px 16px; }
.tile b { display: block; font-size: 1.55rem; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.tile span { display: block; color: var(--soft); font-size: .82rem; line-height: 1.35; }
.tile span.name { color: var(--accent); font-weight: 600; font-size: .88rem; }
.card { overflow-x: auto; padding: 6px 14px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: 7px 10px; text-align: right; border-top: 1px solid var(--line);
  white-space: nowrap; }
tr:first-child th { border-top: 0; color: var(--soft); font-weight: 500;
  font-size: .84rem; }
th:first-child, td:first-child { text-align: left; }
.matrices { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); }
.matrix h3 { margin: 8px 0 4px; font-size: .95rem; }
.matrix td { text-align: center; }
.matrix th { font-weight: 500; }
.notes { border-left: 4px solid #e0a63c; }
.pairs { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); }
figure { margin: 0; background: var(--paper); border: 1px solid var(--line);
  border-radius: 10px; padding: 10px; }
figure div { display: flex; gap: 6px; }
figure img { width: calc(50% - 3px); border-radius: 6px; display: block; }
figcaption { font-size: .82rem; color: var(--soft); margin-top: 6px; line-height: 1.35;
  overflow-wrap: anywhere; }
figcaption b { color: var(--ink); font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(110px, max-content) 1fr;
  gap: 4px 16px; font-size: .88rem; margin: 8px 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 560px) {
  main { padding: 18px 12px 40px; }
  h1 { font-size: 1.35rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .tile { padding: 10px 12px; }
  .tile b { font-size: 1.25rem; }
  .pairs { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  figure { padding: 6px; }
}
"""
