package mapper

import (
	"regexp/syntax"
	"slices"
)

// automaton matches digits with a regular expression, a table look-up for each digit.
// The expressions of numbering plans are matched some hundred times as fast so.
type automaton struct {
	// next has the state that follows a state on a digit; state 0 is none.
	next [][10]uint16
	// accepts says of a state that digits may end in it, passes that any may follow.
	accepts, passes []bool
}

// newAutomaton compiles an expression, or gives nil if it has something in it that
// digits can't be matched with, or too many states.
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

// matches says whether the expression matches the whole of digits.
func (a *automaton) matches(digits string) bool {
	state := a.run(digits, false)
	return a.accepts[state]
}

// begins says whether the expression matches what digits begin with.
func (a *automaton) begins(digits string) bool {
	state := a.run(digits, true)
	return a.accepts[state] || a.passes[state]
}

func (a *automaton) run(digits string, untilMatch bool) uint16 {
	state := uint16(1)
	for i := 0; i < len(digits) && state != 0 && !(untilMatch && a.passes[state]); i++ {
		state = a.next[state][digits[i]-'0']
	}
	return state
}

// builder makes an automaton of a program: its states are sets of instructions.
type builder struct {
	automaton
	prog   *syntax.Prog
	sets   [][]uint32
	states map[string]uint16
	failed bool
}

// add gives the state of a set of instructions, a new one if need be.
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
	b.passes = append(b.passes, b.hasMatch(set))
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

// step gives the instructions that a digit leads to.
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

// closure adds the instruction and those that follow it without a digit. The end of
// the text is passed only atEnd.
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
