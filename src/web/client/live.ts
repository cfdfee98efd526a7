/** Keeps the page as the run is: sections as the server makes them, and the play. While nobody sees the page nothing is asked for. */
{
  const stage = new Stage()
  const button = document.querySelector<HTMLButtonElement>('#pause')!
  let paused = matchMedia('(prefers-reduced-motion: reduce)').matches
  let source: EventSource | null = null

  const listen = () => {
    source?.close()
    source = document.hidden ? null : new EventSource(`live?play=${paused ? 0 : 1}`)
    source?.addEventListener('sections', ({ data }) => show(JSON.parse(data)))
    source?.addEventListener('scene', ({ data }) => stage.add(JSON.parse(data)))
  }

  /** New contents, with the focus where it was and open what was open. */
  const show = (sections: Record<string, string>) => {
    const isOpen = document.querySelector('details')?.open
    const focused = document.activeElement?.closest('figure')?.id
    for (const [id, text] of Object.entries(sections)) document.getElementById(id)!.innerHTML = text
    document.querySelector('details')?.toggleAttribute('open', isOpen)
    document.dispatchEvent(new Event('redrawn'))
    if (focused)
      document.getElementById(focused)?.querySelector<SVGElement>('svg')?.focus({ preventScroll: true })
  }

  const label = () => {
    button.textContent = paused ? 'Play' : 'Pause'
    button.setAttribute('aria-pressed', String(paused))
  }

  button.addEventListener('click', () => {
    paused = !paused
    if (paused) stage.clear()
    label()
    listen()
  })
  document.addEventListener('visibilitychange', () => {
    stage.clear()
    listen()
  })
  label()
  listen()
}
