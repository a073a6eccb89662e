import { detect } from './command.ts'

await detect(process.argv.slice(2))
