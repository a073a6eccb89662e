/** Writes asyncapi.yaml and schemas/ from the schemas that the server is built with: npm run schemas */
import { mkdirSync, writeFileSync } from 'node:fs'
import { documents } from './documents.ts'

mkdirSync('schemas', { recursive: true })
for (const [file, text] of Object.entries(documents())) writeFileSync(file, text)
