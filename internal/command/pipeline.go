package command

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// pipeline works on events side by side and keeps their order. Each worker takes
// a portion of the input at a time, so that handing over costs little.
type pipeline[Result any] struct {
	// work does what is to be done with the events of a portion, which it takes from
	// the chunk. The result is that of an earlier portion, to be used again. If more is
	// true the result is that of the first of them: it is delivered, and work goes on.
	work func(*input.Chunk, *Result) (more bool)
	// deliver is given each result, in the order of the input. Its error ends the
	// pipeline. The chunk's memory is valid until it returns.
	deliver func(*Result) error
	// passed is told after each portion how many bytes of the input were read to its end.
	passed func(read int64)
}

// portion is a part of the input with what became of it.
type portion[Result any] struct {
	chunk  input.Chunk
	result Result
	done   chan bool // has an element when there is a result: whether there is more
	read   int64     // bytes of the input, to its end
}

// shrink lets go of the memory of a large portion, which the next one would otherwise
// be read beside: the collector begins only after so large an allocation.
func (p *portion[Result]) shrink() {
	if p.isLarge() {
		p.chunk = input.Chunk{}
		p.result = *new(Result)
		for range 2 { // a pool, such as the mapper's, keeps what it holds over one
			runtime.GC()
		}
	}
}

// largePortion is the size in bytes beyond which a portion is worked on alone and its
// memory isn't kept, so that memory stays flat where lines are long.
const largePortion = 1 << 20

func (p *portion[Result]) isLarge() bool { return p.chunk.Size() > largePortion }

// maxWorkers is how many portions are worked on at most, so that memory stays flat however
// many processors there are. The one that reads keeps about eight busy.
const maxWorkers = 16

// run puts all events through. Its error is that of reading or of deliver.
func (p pipeline[Result]) run(ctx context.Context, events *input.Reader) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := min(runtime.GOMAXPROCS(0), maxWorkers)
	// One more for reading, and one for delivering.
	portions := workers + 2
	free := make(chan *portion[Result], portions)
	for range portions {
		free <- &portion[Result]{done: make(chan bool, 1)}
	}
	filled, ordered := make(chan *portion[Result], portions), make(chan *portion[Result], portions)

	var group sync.WaitGroup
	defer group.Wait()
	for range workers {
		group.Go(func() {
			for portion := range filled {
				portion.done <- p.work(&portion.chunk, &portion.result)
			}
		})
	}
	var readErr error
	group.Go(func() {
		defer close(ordered)
		defer close(filled)
		readErr = fillPortions(ctx, events, free, filled, ordered)
	})

	var err error
	for portion := range ordered {
		for more := <-portion.done; err == nil; more = p.work(&portion.chunk, &portion.result) {
			if err = p.deliver(&portion.result); err != nil {
				stop()
			}
			if !more {
				break
			}
		}
		p.passed(portion.read)
		portion.shrink()
		free <- portion
	}
	if err == nil && !errors.Is(readErr, io.EOF) {
		err = readErr // was set before ordered was closed
	}
	return err
}

// fillPortions fills free portions and hands them over. It ends with the input or with ctx.
func fillPortions[Result any](ctx context.Context, events *input.Reader, free, filled, ordered chan *portion[Result]) error {
	for {
		portion := <-free
		if err := events.NextChunk(ctx, &portion.chunk); err != nil {
			return err
		}
		portion.read = events.BytesRead()
		alone := portion.isLarge()
		if alone {
			await(free, cap(free)-1)
		}
		ordered <- portion
		filled <- portion
		if alone {
			await(free, cap(free))
		}
	}
}

// await waits until a number of portions are free.
func await[Result any](free chan *portion[Result], n int) {
	var taken []*portion[Result]
	for range n {
		taken = append(taken, <-free)
	}
	for _, portion := range taken {
		free <- portion
	}
}
