// Importer sends RudderStack events, one JSON object per line of standard input, to Klaviyo.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func main() {
	c, err := client.New(os.Getenv("KLAVIYO_API_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	sent, failed, err := importEvents(context.Background(), c, os.Stdin)
	fmt.Println("sent:", sent)
	for _, reason := range failed {
		fmt.Println("not sent:", reason)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// importEvents sends the requests of each line in order. It returns why single events failed, and an
// error if it had to stop.
func importEvents(ctx context.Context, c *client.Client, input io.Reader) (sent int, failed []error, err error) {
	m, err := mapper.New(mapper.Config{Revision: "2026-07-15", DefaultCountry: "US"})
	if err != nil {
		return 0, nil, err
	}
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		err := importEvent(ctx, c, m, lines.Bytes())
		var invalid *mapper.Error
		switch {
		case err == nil:
			sent++
		case errors.As(err, &invalid), errors.Is(err, client.ErrInvalidRequest), errors.Is(err, client.ErrNotFound), errors.Is(err, client.ErrConflict):
			failed = append(failed, fmt.Errorf("line %d: %w", n, err)) // this event only
		default:
			return sent, failed, fmt.Errorf("line %d: %w", n, err) // the key, the network: every event
		}
	}
	return sent, failed, lines.Err()
}

func importEvent(ctx context.Context, c *client.Client, m *mapper.Mapper, event []byte) error {
	result, err := m.Map(event)
	if err != nil {
		return err
	}
	for _, request := range result.Requests { // none if the event is skipped
		if _, err := c.Send(ctx, request); err != nil {
			return err
		}
	}
	return nil
}
