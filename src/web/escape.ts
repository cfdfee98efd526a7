const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in HTML and SVG, also inside attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character])
}
