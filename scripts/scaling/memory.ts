/** Trains as `train` does; every rank says each half second what memory it holds, in its log. */
import { train } from 'pporun'

setInterval(() => console.log(`resident ${process.memoryUsage.rss()}`), 500).unref()
await train()
