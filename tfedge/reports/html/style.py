"""The look of a page: one style sheet, light and dark, for wide screens, phones and paper; all fonts are the reader's.

Colours have names, and dark mode exchanges them; drawings take theirs by class, so they follow.
"""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--bg:#f6f6f3;--card:#fff;--ink:#1b1d20;--soft:#5b6068;--line:#e2e2dc;--faint:#f0f0eb;
--accent:#2459c9;--second:#b3541e;--ok:#167347;--bad:#b8322a;--warn:#8a5a00;--grid:#d8d8d1}
@media(prefers-color-scheme:dark){:root{--bg:#121315;--card:#1b1d20;--ink:#e9e9e6;--soft:#a3a8af;--line:#303338;
--faint:#24272b;--accent:#82adff;--second:#f0a066;--ok:#54c78d;--bad:#ff8374;--warn:#e4b04a;--grid:#3a3e44}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums}
main,header>div,footer{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding:36px 0 8px}
h1{font-size:2.1rem;line-height:1.15;margin:0;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:0 0 4px;letter-spacing:-.01em}
h3{font-size:1rem;margin:0 0 6px;overflow-wrap:anywhere}
p{margin:0 0 10px;max-width:74ch}
.soft,figcaption,.caption{color:var(--soft);font-size:.88rem}
.caption{margin-bottom:14px}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.88em;overflow-wrap:anywhere}
a{color:var(--accent)}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 24px;margin:18px 0}
.top{display:flex;flex-wrap:wrap;gap:10px 16px;align-items:center;margin-bottom:6px}
.pill{border-radius:99px;padding:3px 12px;font-size:.85rem;font-weight:600;border:1.5px solid;white-space:nowrap}
.pass{color:var(--ok)}.fail{color:var(--bad)}.not_measured{color:var(--warn)}
nav{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:.88rem;margin:14px 0 4px}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:12px;margin:18px 0 4px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px}
.tile b{display:block;font-size:1.35rem;line-height:1.25;letter-spacing:-.01em;white-space:nowrap}
.tile span{color:var(--soft);font-size:.8rem}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:6px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
th{color:var(--soft);font-weight:600;font-size:.8rem;line-height:1.3}
th:first-child,td:first-child,.left{text-align:left}
td.wrap{white-space:normal;text-align:left;overflow-wrap:anywhere}
tr.this td{background:var(--faint)}
tr.group td{font-weight:600;border-bottom:0;padding-top:14px}
.bar{display:block;height:4px;border-radius:2px;background:var(--accent);margin:3px 0 0 auto;opacity:.75}
.bars{display:grid;grid-template-columns:minmax(3.2em,max-content) 1fr 8.2em;gap:3px 10px;align-items:center;
font-size:.88rem}
.bars i{display:block;height:12px;border-radius:3px;background:var(--accent);min-width:1px}
.bars .track{background:var(--faint);border-radius:3px}
.columns{columns:2 320px;column-gap:36px}.columns .bars{break-inside:avoid;margin-bottom:2px}
.bars>:last-child{text-align:right;white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:16px}
.card{border:1px solid var(--line);border-radius:10px;padding:12px 14px;min-width:0;break-inside:avoid}
.tokens{display:flex;flex-wrap:wrap;gap:4px 3px;margin:4px 0 8px}
.tokens>span{display:inline-grid;align-content:start;text-align:center;min-width:26px;border-radius:5px;
padding:1px 4px;font-size:.84rem;
background:var(--faint)}
.tokens .wrong{outline:1.5px solid var(--bad)}.tokens .wrong b{color:var(--bad)}
.tokens b{font-weight:600}
svg{display:block;max-width:none}.words svg{max-width:100%;height:auto}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
svg .soft{fill:var(--soft)}svg .mid{text-anchor:middle}svg .end{text-anchor:end}svg .small{font-size:10px}
.heat{fill:var(--accent)}.off{fill:var(--bad)}.hit{fill:var(--ok)}.cell{fill:var(--faint)}
svg text.on{fill:var(--card)}
.first{fill:var(--accent)}.second{fill:var(--second)}
.line0,.line1,.line2,.line3,.line4,.line5,.rule,.cut{fill:none;stroke-width:1.3;vector-effect:non-scaling-stroke}
.line0{stroke:var(--accent)}.line1{stroke:var(--second)}.line2{stroke:var(--ok)}.line3{stroke:var(--warn)}
.line4{stroke:var(--bad)}.line5{stroke:var(--soft)}.rule{stroke:var(--grid)}
.cut{stroke:var(--ink);stroke-dasharray:4 3}
.key{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
.lat{display:grid;grid-template-columns:200px 1fr 112px;gap:2px 14px;align-items:end;font-size:.86rem}
.lat svg,.stretch svg{width:100%;height:44px;border-bottom:1px solid var(--grid)}
.lat .mid{position:relative}.lat .num{text-align:right;align-self:center;line-height:1.3}
.lat .name{align-self:center;line-height:1.3}
.mark{position:absolute;top:0;bottom:0;border-left:2px solid var(--ink)}
.mark.p90{border-left:1.5px dashed var(--soft)}
.axis{position:relative;height:20px;font-size:.78rem;color:var(--soft)}
.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.tree{position:relative;width:100%;aspect-ratio:2.3;margin:6px 0 14px}
.tree b{font-weight:600}.tree div{position:absolute;overflow:hidden;border:1px solid var(--card);border-radius:4px;
padding:3px 6px;
font-size:.76rem;line-height:1.25;overflow-wrap:anywhere;color:var(--ink);background:var(--faint)}
.stack{display:flex;height:22px;border-radius:6px;overflow:hidden;margin:6px 0}
.stack i{display:block;min-width:1px;height:100%}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:.85rem;margin-bottom:10px}
.picture{position:relative;width:100%;max-width:168px}
.picture img{display:block;width:100%;image-rendering:pixelated;border-radius:6px;border:1px solid var(--line)}
.picture svg{position:absolute;inset:0;width:100%;height:100%}
.pair{display:flex;gap:12px;flex-wrap:wrap}.pair>*{flex:1 1 120px;max-width:168px}
.veil{fill:#000}.signal svg{width:100%;height:110px;background:var(--faint);border-radius:6px}
.signal svg+svg{height:16px;margin-top:4px}.answers{margin-top:10px;
grid-template-columns:minmax(5em,max-content) 1fr 4em}
.key.line0{background:var(--accent)}.key.line1{background:var(--second)}.key.line2{background:var(--ok)}
.key.line3{background:var(--warn)}.key.line4{background:var(--bad)}.key.line5{background:var(--soft)}
details{margin-top:10px}summary{cursor:pointer;color:var(--accent);font-size:.9rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0;font-size:.9rem}
.once{white-space:nowrap}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
ul{padding-left:20px;margin:0 0 10px}li{margin:3px 0;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:.82rem;padding-bottom:40px}
@media(max-width:640px){body{font-size:15px}main,header>div,footer{padding:0 12px}section{padding:16px 14px}
h1{font-size:1.6rem}.lat{grid-template-columns:1fr max-content;row-gap:0}.lat .name{grid-column:1/2;margin-top:10px}
.lat .num{grid-row:auto;order:0;align-self:end}.lat .mid{grid-column:1/3}.tree{aspect-ratio:.95}
.made{grid-template-columns:1fr;gap:0}.made dd{margin-bottom:8px}}
@media print{:root{color-scheme:light}body{background:#fff;font-size:10.5pt}
section{border:0;padding:8px 0;margin:10px 0}
nav{display:none}.scroll{overflow:visible}section,.lat{break-inside:auto}h2,h3{break-after:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
