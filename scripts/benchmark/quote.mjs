// Puts a page of figures where a README quotes it, if it does: between <!-- WORD --> and <!-- /WORD -->.
//   node scripts/benchmark/quote.mjs WORD README
import { readFileSync, writeFileSync } from 'node:fs'

const [word, readme] = process.argv.slice(2)
const [begin, end] = [`<!-- ${word} -->`, `<!-- /${word} -->`]
const text = readFileSync(readme, 'utf8')
const [before, rest] = text.split(begin)
if (rest !== undefined) {
  const page = readFileSync(new URL(`figures/${word}.md`, import.meta.url), 'utf8')
  const figures = page.slice(page.indexOf('\n')).trim() // without its heading
  const after = rest.slice(rest.indexOf(end))
  writeFileSync(readme, `${before}${begin}\n\n${figures}\n\n${after}`)
}
