import { generate } from './command.ts'

await generate(process.argv.slice(2))
