import { testStates } from '../support/axe.ts'

testStates('light')
