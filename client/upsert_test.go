package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// profileOf is a create_profile with attributes in JSON.
func profileOf(attributes string) Request {
	var a klaviyo.ProfileCreateAttributes
	if err := json.Unmarshal([]byte(attributes), &a); err != nil {
		panic(err)
	}
	return request{klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(a)}
}

func duplicateOf(id string) string {
	return fmt.Sprintf(`{"errors":[{"id":"9f8","code":"duplicate_profile","title":"","detail":"","meta":{"duplicate_profile_id":%q}}]}`, id)
}

func TestUpsert(t *testing.T) {
	type exchange struct {
		request string // method and path
		status  int
		body    string
	}
	const create, update, updateOther = "POST /api/profiles/", "PATCH /api/profiles/01A/", "PATCH /api/profiles/01B/"
	for _, test := range []struct {
		name      string
		exchanges []exchange
		want      Response
		err       error
		attempts  int
	}{
		{"new", []exchange{{create, 201, `{"data":{"type":"profile","id":"01A"}}`}},
			Response{Operation: klaviyo.OperationCreateProfile, StatusCode: 201, ProfileID: "01A", Attempts: 1}, nil, 0},
		{"existing", []exchange{{create, 409, duplicateOf("01A")}, {update, 200, `{"data":{"type":"profile","id":"01A"}}`}},
			Response{Operation: klaviyo.OperationUpdateProfile, StatusCode: 200, ProfileID: "01A", Attempts: 2}, nil, 0},
		{"existing, with retries", []exchange{{create, 429, ""}, {create, 409, duplicateOf("01A")}, {update, 500, ""}, {update, 429, ""}, {update, 200, `{"data":{"type":"profile","id":"01A"}}`}},
			Response{Operation: klaviyo.OperationUpdateProfile, StatusCode: 200, ProfileID: "01A", Attempts: 5, RateLimited: 2}, nil, 0},
		{"merged away in between", []exchange{{create, 409, duplicateOf("01A")}, {update, 404, ""}, {create, 409, duplicateOf("01B")}, {updateOther, 200, `{"data":{"type":"profile","id":"01B"}}`}},
			Response{Operation: klaviyo.OperationUpdateProfile, StatusCode: 200, ProfileID: "01B", Attempts: 4}, nil, 0},
		{"deleted in between", []exchange{{create, 409, duplicateOf("01A")}, {update, 410, ""}, {create, 201, `{"data":{"id":"01B"}}`}},
			Response{Operation: klaviyo.OperationCreateProfile, StatusCode: 201, ProfileID: "01B", Attempts: 3}, nil, 0},
		{"never to be found", []exchange{{create, 409, duplicateOf("01A")}, {update, 404, ""}, {create, 409, duplicateOf("01A")}, {update, 404, ""}},
			Response{}, ErrNotFound, 4},
		{"the identifier moved in between", []exchange{{create, 409, duplicateOf("01A")}, {update, 409, duplicateOf("01B")}, {updateOther, 200, `{"data":{"type":"profile","id":"01B"}}`}},
			Response{Operation: klaviyo.OperationUpdateProfile, StatusCode: 200, ProfileID: "01B", Attempts: 3}, nil, 0},
		{"two profiles, each said to be the other", []exchange{{create, 409, duplicateOf("01A")}, {update, 409, duplicateOf("01B")}, {updateOther, 409, duplicateOf("01A")}},
			Response{}, ErrConflict, 3},
		{"no profile named", []exchange{{create, 409, `{"errors":[{}]}`}}, Response{}, ErrConflict, 1},
		{"an id that is none", []exchange{{create, 409, duplicateOf("../lists")}}, Response{}, ErrConflict, 1},
		{"invalid", []exchange{{create, 400, ""}}, Response{}, ErrInvalidRequest, 1},
		{"update unauthorized", []exchange{{create, 409, duplicateOf("01A")}, {update, 401, ""}}, Response{}, ErrUnauthorized, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := test.exchanges
				c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
					if len(left) == 0 || left[0].request != req.Method+" "+req.URL.Path {
						t.Fatalf("%s %s, of %v", req.Method, req.URL.Path, left)
					}
					resp := answer(left[0].status, left[0].body)
					left = left[1:]
					return resp, nil
				})
				sent, err := c.Send(t.Context(), profileOf(`{"email":"ada@example.com"}`))
				if len(left) > 0 {
					t.Errorf("not sent: %v", left)
				}
				if test.err == nil {
					if err != nil || !reflect.DeepEqual(*sent, test.want) {
						t.Errorf("%+v, %v; want %+v", sent, err, test.want)
					}
					return
				}
				var e *Error
				if !errors.As(err, &e) || !errors.Is(err, test.err) || e.Attempts != test.attempts {
					t.Errorf("err = %v, want %v after %d attempts", err, test.err, test.attempts)
				}
			})
		})
	}
}

func TestUpsertUpdatesTheSameAttributes(t *testing.T) {
	for _, attributes := range []string{
		`{"email":"ada@example.com"}`,
		`{"phone_number":"+12025550147","first_name":null,"title":"","properties":{"big":12345678901234567890,"html":"<b>&","gone":null}}`,
		`{"email":"ada@example.com","external_id":"42","first_name":"Ada","last_name":null,"title":"Countess","organization":null,"image":null,` +
			`"location":{"city":"London","latitude":51.50,"longitude":"-0.1","zip":null},"properties":{}}`,
	} {
		var body []byte
		c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
			if req.Method == "POST" {
				return answer(http.StatusConflict, duplicateOf("01A")), nil
			}
			body, _ = io.ReadAll(req.Body)
			return success(req), nil
		})
		if _, err := c.Send(t.Context(), profileOf(attributes)); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Data struct {
				Type, ID   string
				Attributes map[string]json.RawMessage
			}
		}
		var want map[string]json.RawMessage
		if err := errors.Join(json.Unmarshal(body, &got), json.Unmarshal([]byte(attributes), &want)); err != nil {
			t.Fatal(err)
		}
		if got.Data.Type != "profile" || got.Data.ID != "01A" || !reflect.DeepEqual(got.Data.Attributes, want) {
			t.Errorf("%s, want the attributes %s", body, attributes)
		}
	}
}

// What create_profile takes is sent with update_profile as it is.
func TestUpdateTakesEachAttribute(t *testing.T) {
	create, update := reflect.TypeFor[klaviyo.ProfileCreateAttributes](), reflect.TypeFor[klaviyo.ProfileUpdateAttributes]()
	for i := range create.NumField() {
		field := create.Field(i)
		if other, ok := update.FieldByName(field.Name); !ok || other.Tag != field.Tag {
			t.Errorf("update_profile has no %s, or another", field.Name)
		}
	}
}
