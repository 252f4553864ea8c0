package mapper

import (
	"regexp/syntax"
	"slices"
)

// An automaton matches a regular expression against digits, with one table look-up per digit.
// For the expressions of numbering plans this is about a hundred times as fast as package
// regexp.
type automaton struct {
	// next has the next state by state and digit. State 0 never matches.
	next [][10]uint16
	// accepts reports whether a match can end in a state, acceptsAny whether any digits may
	// follow.
	accepts, acceptsAny []bool
}

// newAutomaton compiles an expression. It returns nil if the expression isn't supported or has
// too many states.
func newAutomaton(expr string) *automaton {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil
	}
	const maxStates = 1 << 12
	b := builder{prog: prog, states: make(map[string]uint16)}
	b.add(nil) // state 0
	b.add(b.closure(nil, uint32(prog.Start), false))
	for state := 1; state < len(b.sets); state++ {
		if b.failed || len(b.sets) > maxStates {
			return nil
		}
		for digit := range 10 {
			b.next[state][digit] = b.add(b.step(b.sets[state], rune('0'+digit)))
		}
	}
	return &b.automaton
}

// matches reports whether the expression matches all digits.
func (a *automaton) matches(digits string) bool {
	state := a.run(digits, false)
	return a.accepts[state]
}

// matchesPrefix reports whether the expression matches a prefix of digits.
func (a *automaton) matchesPrefix(digits string) bool {
	state := a.run(digits, true)
	return a.accepts[state] || a.acceptsAny[state]
}

func (a *automaton) run(digits string, untilMatch bool) uint16 {
	state := uint16(1)
	for i := 0; i < len(digits) && state != 0 && !(untilMatch && a.acceptsAny[state]); i++ {
		state = a.next[state][digits[i]-'0']
	}
	return state
}

// A builder builds an automaton from a program. Its states are sets of instructions.
type builder struct {
	automaton
	prog   *syntax.Prog
	sets   [][]uint32
	states map[string]uint16
	failed bool
}

// add returns the state of a set of instructions, which it creates if needed.
func (b *builder) add(set []uint32) uint16 {
	slices.Sort(set)
	key := make([]byte, 0, 2*len(set))
	for _, pc := range set {
		key = append(key, byte(pc), byte(pc>>8))
	}
	if state, ok := b.states[string(key)]; ok {
		return state
	}
	state := uint16(len(b.sets))
	b.states[string(key)] = state
	b.sets = append(b.sets, set)
	b.next = append(b.next, [10]uint16{})
	b.acceptsAny = append(b.acceptsAny, b.hasMatch(set))
	var atEnd []uint32
	for _, pc := range set {
		atEnd = b.closure(atEnd, pc, true)
	}
	b.accepts = append(b.accepts, b.hasMatch(atEnd))
	return state
}

func (b *builder) hasMatch(set []uint32) bool {
	return slices.ContainsFunc(set, func(pc uint32) bool { return b.prog.Inst[pc].Op == syntax.InstMatch })
}

// step returns the instructions reached by a digit.
func (b *builder) step(set []uint32, digit rune) []uint32 {
	var to []uint32
	for _, pc := range set {
		switch inst := &b.prog.Inst[pc]; inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(digit) {
				to = b.closure(to, inst.Out, false)
			}
		}
	}
	return to
}

// closure adds the instruction and those reachable from it without a digit. It passes the end
// of the text only if atEnd is set.
func (b *builder) closure(set []uint32, pc uint32, atEnd bool) []uint32 {
	if slices.Contains(set, pc) {
		return set
	}
	set = append(set, pc)
	switch inst := &b.prog.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return b.closure(b.closure(set, inst.Out, atEnd), inst.Arg, atEnd)
	case syntax.InstCapture, syntax.InstNop:
		return b.closure(set, inst.Out, atEnd)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^(syntax.EmptyEndText|syntax.EmptyEndLine) != 0 {
			b.failed = true
		} else if atEnd {
			return b.closure(set, inst.Out, atEnd)
		}
	}
	return set
}
