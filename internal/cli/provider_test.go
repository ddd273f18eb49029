package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// deskProvider is a small ticket service on this machine. It is as strict as real
// ones: a token is asked for, content types are looked at, and fields that are
// missing are refused. It repeats credentials in its answers, as careless ones do.
func deskProvider() *httptest.Server {
	var mu sync.Mutex
	tickets := map[string]string{}
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, map[string]any{"id": "acc_1", "name": "Acme", "you_sent": r.Header.Get("Authorization")})
	})
	mux.HandleFunc("GET /queues", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"queues": []any{map[string]any{"id": "q1", "title": "Support"}, map[string]any{"id": "q2", "title": "Sales"}}})
	})
	mux.HandleFunc("POST /tickets", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Subject, Queue string
			Count          *float64
			Labels         []string
		}
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &in) != nil || in.Subject == "" {
			answer(w, 422, map[string]any{"error": "subject is missing", "body": string(body)})
			return
		}
		mu.Lock()
		defer mu.Unlock()
		id := fmt.Sprintf("t%d", len(tickets)+1)
		tickets[id] = in.Subject
		answer(w, 201, map[string]any{"ticket": map[string]any{"id": id, "subject": in.Subject, "queue": in.Queue, "labels": len(in.Labels)}})
	})
	mux.HandleFunc("DELETE /tickets/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := tickets[r.PathValue("id")]; !ok {
			answer(w, 404, map[string]any{"error": "no such ticket"})
			return
		}
		delete(tickets, r.PathValue("id"))
		answer(w, 200, map[string]any{"deleted": r.PathValue("id")})
	})
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); token != "tok-s3cret-77" {
			answer(w, 401, map[string]any{"error": "bad token", "token": token})
			return
		}
		mux.ServeHTTP(w, r)
	}))
}
