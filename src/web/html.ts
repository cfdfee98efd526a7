import { escaped } from './escape.ts'

/** HTML that is safe to show: made by `html` or `trusted`, never by joining strings. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Part = Html | string | number | null | false | readonly Part[]

/** A template whose parts are escaped unless they are Html themselves; null and false are nothing. */
export function html(texts: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(texts.reduce((all, text, i) => all + written(parts[i - 1] ?? null) + text))
}

/** What we wrote ourselves: SVG, styles, scripts. */
export const trusted = (text: string): Html => new Html(text)

function written(part: Part): string {
  if (part === null || part === false) return ''
  if (part instanceof Html) return part.text
  return typeof part === 'object' ? part.map(written).join('') : escaped(String(part))
}
