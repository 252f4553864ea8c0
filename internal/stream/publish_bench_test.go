package stream

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// messageSize is that of an event with its traits and properties.
const messageSize = 2000

// BenchmarkPublish is of messages a second that are acknowledged, thus on the disk, beside
// how often the same bytes can be written and synced to a file on that disk.
func BenchmarkPublish(b *testing.B) {
	b.Run("yardstick", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		data := make([]byte, messageSize)
		for b.Loop() {
			if _, err := file.Write(data); err != nil {
				b.Fatal(err)
			}
			if err := file.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
	for _, publishers := range []int{1, 64, 256} {
		b.Run(fmt.Sprint(publishers), func(b *testing.B) {
			a := account(b, embed(b, b.TempDir()), Limits{MaxBacklog: 64 << 30})
			data := make([]byte, messageSize)
			var next atomic.Int64
			var group sync.WaitGroup
			b.ResetTimer()
			for range publishers {
				group.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						if _, err := a.Publish(b.Context(), data, 1, fmt.Sprint(i)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
