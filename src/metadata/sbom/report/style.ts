/** How the report looks, light and dark, on screens and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --back: #f4f6f9; --card: #fff; --text: #18212d; --soft: #566274; --line: #dbe1e9; --accent: #1c5fc4;
  --tint: #e9f0fb; --warn: #8a4b00; --warn-tint: #fdf0dc; --base: #4b5768; --base-tint: #e9edf2; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0e131a; --card: #161d27; --text: #e5ebf3; --soft: #9caabd; --line: #2b3645; --accent: #82b4ff; --tint: #1a2a42;
    --warn: #f2bd73; --warn-tint: #3a2a12; --base: #b4c0d0; --base-tint: #26303d; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .1rem 0 .8rem; overflow-wrap: anywhere; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 0 0 .8rem; }
h3 { font-size: .85rem; color: var(--soft); margin: 0 0 .5rem; font-weight: 600; }
.kind { color: var(--soft); margin: 0; font-size: .9rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 0; font-size: .9rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
code, .mono { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; padding: 0; margin: 1.2rem 0 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem 1.3rem; margin: 1.2rem 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem; margin: 0 0 1.4rem; }
.figures div { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.3; }
.figures small { display: block; font-size: .8rem; font-weight: 400; color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1.2rem 2.5rem; }
.bars { list-style: none; margin: 0; padding: 0; font-size: .88rem; }
.bars li { display: grid; grid-template-columns: 8.5rem 1fr 3.5rem; gap: .7rem; align-items: center; padding: .1rem 0; }
.bars li > span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars li > span:last-child { text-align: right; font-variant-numeric: tabular-nums; color: var(--soft); }
.bars svg { width: 100%; height: 8px; display: block; border-radius: 4px; background: var(--tint); }
.bars rect { fill: var(--accent); }
.bars .of-base rect { fill: var(--base); }
.tools { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; margin-bottom: .9rem; }
.tools label { display: grid; gap: .15rem; font-size: .82rem; color: var(--soft); }
.tools .grow { flex: 1 1 16rem; }
input, select, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: .4rem .6rem; }
input, select { width: 100%; border-color: var(--soft); }
button { cursor: pointer; }
.count { font-size: .88rem; color: var(--soft); margin: 0; padding-bottom: .5rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .42rem .7rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; font-size: .82rem; white-space: nowrap; }
thead button { border: 0; padding: 0; background: none; font-weight: 600; }
thead button::after { content: " \\2195"; opacity: .45; }
th[aria-sort="ascending"] button::after { content: " \\2191"; opacity: 1; }
th[aria-sort="descending"] button::after { content: " \\2193"; opacity: 1; }
tbody th { font-weight: 500; min-width: 14rem; }
tbody tr:hover { background: var(--tint); }
tr:target { background: var(--tint); }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
summary { cursor: pointer; }
tbody dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; font-weight: 400; margin: .4rem 0 .5rem 1rem; font-size: .86rem; }
tbody dt { color: var(--soft); }
tbody dd { margin: 0; }
.tag { display: inline-block; font-size: .76rem; padding: 0 .5em; border-radius: 99px; background: var(--base-tint); color: var(--base); white-space: nowrap; }
.tag.warn { background: var(--warn-tint); color: var(--warn); }
.empty { color: var(--soft); margin: 0; }
.picture { overflow: auto; max-height: 40rem; border: 1px solid var(--line); border-radius: 8px; margin-bottom: 1rem; background: var(--back); }
.picture svg { display: block; font: 12px system-ui, sans-serif; }
.picture rect { fill: var(--card); stroke: var(--soft); }
.picture text { fill: var(--text); }
.picture .subject rect { fill: var(--tint); stroke: var(--accent); }
.picture .of-base rect { fill: var(--base-tint); }
.picture path { fill: none; stroke: var(--soft); opacity: .55; }
.picture path.back { stroke-dasharray: 4 3; }
.picture path.on { stroke: var(--accent); opacity: 1; stroke-width: 2; }
.picture a:hover rect, .picture a:focus rect { stroke: var(--accent); stroke-width: 2; }
.tree, .tree ul { list-style: none; margin: 0; padding-left: 1.1rem; border-left: 1px solid var(--line); font-size: .9rem; }
.tree { padding-left: 0; border-left: 0; }
.tree li { padding: .08rem 0; }
.tree li > span { padding-left: 1rem; }
.tree a { text-decoration: none; }
.tree a:hover { text-decoration: underline; }
.soft { color: var(--soft); }
footer { color: var(--soft); font-size: .85rem; padding-bottom: 2.5rem; }
@media (max-width: 40rem) { header, main, footer { padding: 0 .8rem; } section { padding: 1rem .8rem; } .bars li { grid-template-columns: 6.5rem 1fr 3rem; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print { body { background: none; } section { border: 0; padding: 0; } .tools, nav, .skip { display: none; } }
`;
