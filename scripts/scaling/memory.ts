/** Trains as `train` does; every rank says each half second in its log what memory it holds, and the most that it has held. */
import { train } from 'pporun'

const { memoryUsage, resourceUsage } = process
setInterval(() => {
  console.log(`memory ${JSON.stringify({ now: memoryUsage.rss(), peak: 1024 * resourceUsage().maxRSS })}`)
}, 500).unref()
await train()
