import { plotCss, themeCss } from './palette.ts'

/** The style of the pages. */
export const pageCss: string = `${themeCss(':root')}
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header,footer{max-width:1320px;margin:0 auto;padding:0 20px}
header{padding-top:22px}
h1{font-size:24px;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:17px;margin:30px 0 10px}
p{margin:6px 0}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em;overflow-wrap:anywhere}
.muted{color:var(--muted)}
.status{display:inline-block;vertical-align:3px;margin-left:10px;padding:1px 10px;border:1px solid currentColor;border-radius:99px;font-size:13px;font-weight:600;color:var(--muted)}
.status.completed{color:var(--good)}.status.failed,.status.lost{color:var(--bad)}.status.running{color:var(--accent)}
.card,figure,.scroll{background:var(--paper);border:1px solid var(--rule);border-radius:10px}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(138px,1fr));gap:10px;margin:18px 0 0}
.facts div{background:var(--paper);border:1px solid var(--rule);border-radius:10px;padding:9px 12px}
.facts dt{color:var(--muted);font-size:13px}
.facts dd{margin:0;font-size:18px;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.facts small{display:block;font-weight:400;font-size:12.5px;color:var(--muted)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:12px}
figure{margin:0;padding:8px 6px 4px;min-width:0}
figure.wide{grid-column:1/-1}
details{margin-top:14px}summary{cursor:pointer;padding:6px 2px;color:var(--muted)}summary:hover{color:var(--accent)}details[open] summary{margin-bottom:8px}
.plot{display:block;width:100%;height:auto;cursor:crosshair}
.narrow{display:none}
${plotCss}
.plot .cross{stroke:var(--muted);stroke-dasharray:2 3}
.keys{display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 10px;padding:0;border:0}
.keys label{cursor:pointer}
.keys i{display:inline-block;width:12px;height:12px;margin:0 6px 0 4px;border-radius:50%;background:currentColor}
.keys span{color:var(--ink)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 14px;border-bottom:1px solid var(--rule);vertical-align:top}
td{overflow-wrap:break-word}td.path{overflow-wrap:anywhere}
tr:last-child>*{border-bottom:0}
thead th,tbody th{font-weight:600}thead th{color:var(--muted);font-size:13px}tbody th{white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
tr.differs td{font-weight:600}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:12px;align-items:start}
.bar{display:flex;height:16px;min-width:150px;border-radius:4px;overflow:hidden;background:var(--rule)}
.bar i{display:block;background:currentColor}
.alarm{border-left:5px solid var(--bad);padding:10px 16px}
#tip{position:fixed;z-index:2;pointer-events:none;background:var(--paper);color:var(--ink);border:1px solid var(--muted);border-radius:8px;padding:6px 10px;font-size:13px;font-variant-numeric:tabular-nums;box-shadow:0 4px 16px #0003;white-space:nowrap}
#tip i{display:inline-block;width:9px;height:9px;border-radius:50%;background:currentColor;margin-right:6px}
#tip span{color:var(--ink)}
progress{width:min(100%,420px);height:10px;margin-right:10px;accent-color:var(--accent)}.progress{font-variant-numeric:tabular-nums}
button{font:inherit;color:inherit;background:var(--page);border:1px solid var(--muted);border-radius:8px;padding:5px 16px;cursor:pointer;min-height:36px}
button:hover{border-color:var(--accent)}
.stage{margin-top:18px;overflow:hidden}
.stage canvas{display:block;width:100%;aspect-ratio:5/2;max-height:350px}
.caption{display:flex;flex-wrap:wrap;gap:6px 16px;align-items:center;justify-content:space-between;padding:8px 16px;border-top:1px solid var(--rule)}
#words{font-variant-numeric:tabular-nums}
footer{padding-top:26px;padding-bottom:34px;font-size:13px;color:var(--muted)}
@media(max-width:700px){.stage canvas{aspect-ratio:16/10}main,header,footer{padding-left:12px;padding-right:12px}.roomy{display:none}.narrow{display:block}.facts{grid-template-columns:repeat(2,1fr)}th,td{padding:5px 9px}h1{font-size:20px}}
@media print{body{background:none;font-size:11px}figure.wide{grid-column:auto}.roomy{display:none}.narrow{display:block}.keys input,.stage{display:none}.charts{grid-template-columns:1fr 1fr}figure,.card,tr,.facts div{break-inside:avoid}h2{break-after:avoid}.facts{grid-template-columns:repeat(4,1fr)}.scroll{overflow:visible}main,header,footer{padding:0;max-width:none}}`
