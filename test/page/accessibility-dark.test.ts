import { testStates } from '../support/axe.ts'

testStates('dark')
