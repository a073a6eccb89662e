import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const LEVELS: ReadonlySet<string> = new Set(['debug', 'info', 'warn', 'error', 'fatal'])
/** What runs as the service. */
const SERVICE = /^(lib|plugins|routes)\/|^[\w-]+\.ts$/

export interface LoggedEvent {
  event: string
  level: string
  /** Of the call. */
  file: string
}

/** Every event that the service can write into its log, as the compiler sees the calls: with all that its parts may be. */
export function loggedEvents (): LoggedEvent[] {
  const configFile = join(root, 'tsconfig.json')
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile)
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configFile))
  const files = fileNames.filter((name) => SERVICE.test(relative(root, name)))
  const program = ts.createProgram(files, { ...options, noEmit: true, incremental: false })
  const checker = program.getTypeChecker()
  return files.flatMap((name) => {
    const file = program.getSourceFile(name)
    if (file === undefined) return []
    return callsIn(file, checker).flatMap(({ level, event }) =>
      textsOf(event, checker).map((text) => ({ event: text, level, file: relative(root, name) })))
  })
}

/** The property `event` of the first argument of each call of a logger. */
function callsIn (file: ts.SourceFile, checker: ts.TypeChecker): Array<{ level: string, event: ts.Expression }> {
  const found: Array<{ level: string, event: ts.Expression }> = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression) || node.arguments.length !== 2) return
    const [first] = node.arguments
    const level = node.expression.name.text
    const fields = first !== undefined && LEVELS.has(level) ? fieldsOf(first, checker) : undefined
    const event = fields === undefined ? undefined : eventOf(fields, checker)
    if (event !== undefined) found.push({ level, event })
  }
  visit(file)
  return found
}

function eventOf (fields: ts.ObjectLiteralExpression, checker: ts.TypeChecker): ts.Expression | undefined {
  for (const property of fields.properties) {
    if (ts.isSpreadAssignment(property)) {
      const others = fieldsOf(property.expression, checker)
      const event = others === undefined ? undefined : eventOf(others, checker)
      if (event !== undefined) return event
    } else if (property.name?.getText() === 'event') {
      return ts.isPropertyAssignment(property) ? property.initializer : property.name as ts.Expression
    }
  }
  return undefined
}

/** Where they are written down, there or as a constant. */
function fieldsOf (argument: ts.Expression, checker: ts.TypeChecker): ts.ObjectLiteralExpression | undefined {
  if (ts.isObjectLiteralExpression(argument)) return argument
  const declaration = checker.getSymbolAtLocation(argument)?.valueDeclaration
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return undefined
  const { initializer } = declaration
  return initializer !== undefined && ts.isObjectLiteralExpression(initializer) ? initializer : undefined
}

/** @throws when it may be any text: then nobody can say which events there are */
function textsOf (expression: ts.Expression, checker: ts.TypeChecker): string[] {
  if (ts.isTemplateExpression(expression)) {
    return expression.templateSpans.reduce(
      (texts, { expression, literal }) =>
        texts.flatMap((text) => textsOf(expression, checker).map((value) => text + value + literal.text)),
      [expression.head.text]
    )
  }
  const type = checker.getTypeAtLocation(expression)
  const types = type.isUnion() ? type.types : [type]
  return types.map((one) => {
    if (one.isStringLiteral()) return one.value
    throw new Error(`${expression.getSourceFile().fileName}: ${expression.getText()} may be any text`)
  })
}
