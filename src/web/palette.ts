/** The colours and lines of every picture, light and dark, as CSS: for pages, and inside SVG files. */

/** Told apart with each kind of colour blindness (after Okabe and Ito, jfly.uni-koeln.de/color); dark: lighter tones. */
const curves = [
  { light: '#0068a8', dark: '#58aeea' },
  { light: '#c84f00', dark: '#ff9455' },
  { light: '#007d5a', dark: '#35cc9d' },
  { light: '#b0508a', dark: '#ea9fca' },
  { light: '#9a6a00', dark: '#f0bd49' },
  { light: '#2f8fbf', dark: '#9ad6f9' },
  { light: '#7449c4', dark: '#b9a1f4' },
  { light: '#5f6670', dark: '#b0b7c0' },
]

const surfaces = {
  ink: { light: '#16202b', dark: '#e8edf3' },
  muted: { light: '#536170', dark: '#9fadbc' },
  rule: { light: '#e2e7ec', dark: '#2a3542' },
  paper: { light: '#ffffff', dark: '#111820' },
  page: { light: '#f4f6f8', dark: '#0a0f15' },
  accent: { light: '#0068a8', dark: '#58aeea' },
  good: { light: '#00704f', dark: '#35cc9d' },
  bad: { light: '#b3261e', dark: '#ff8f86' },
}

export const COLORS: number = curves.length

/** Declarations of the variables --ink, --c0, ... */
function variables(theme: 'light' | 'dark'): string {
  const named = Object.entries(surfaces).map(([name, tones]) => `--${name}:${tones[theme]}`)
  return [...named, ...curves.map((tones, i) => `--c${i}:${tones[theme]}`)].join(';')
}

/** The variables, by what the reader's system prefers; paper is light. */
export function themeCss(selector: string): string {
  return `${selector}{${variables('light')}}
@media screen and (prefers-color-scheme:dark){${selector}{${variables('dark')}}}`
}

export const plotCss: string = `.plot text{font:11px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--muted)}
.plot .title{font-size:13px;font-weight:600;fill:var(--ink)}
.plot .middle{text-anchor:middle}.plot .end{text-anchor:end}
.plot .grid{stroke:var(--rule)}.plot .axis{stroke:var(--muted)}
.plot .line{fill:none;stroke:currentColor;stroke-width:1.7;stroke-linejoin:round}
.plot .dashed{stroke-dasharray:5 4}
.plot .band{fill:currentColor;opacity:.2}.plot .area{fill:currentColor;opacity:.8}.plot .dot{fill:currentColor}
${curves.map((_, i) => `.c${i}{color:var(--c${i})}`).join('')}`
