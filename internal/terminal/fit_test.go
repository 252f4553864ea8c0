package terminal

import "testing"

func TestFit(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Añadido", "Añadido"},
		{"Añadido al carrito", "Añadido…"},
		{"a\nb\x1b[2J", "a·b·[2J"},
		{"a\u0085b\u2028c", "a·b·c"},
		{"a\u202eb\u2066c", "a·b·c"}, // turns what follows around
	}
	for _, tt := range tests {
		if got := Fit(tt.text, 8); got != tt.want {
			t.Errorf("%q became %q, want %q", tt.text, got, tt.want)
		}
	}
}
