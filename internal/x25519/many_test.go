package x25519

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"hybridkem/internal/testkit"
)

// A row is an input with the results that the functions for one row give.
type row struct {
	scalar, point, public, shared [Size]byte
}

func newRow(scalar, point [Size]byte) *row {
	r := &row{scalar: scalar, point: point}
	ScalarBaseMult(&r.public, &scalar)
	ScalarMult(&r.shared, &scalar, &point)
	return r
}

// randomRows returns n different rows.
func randomRows(n int) (rows []*row) {
	r := rand.NewChaCha8([32]byte{1})
	for range n {
		var scalar, point [Size]byte
		r.Read(scalar[:])
		r.Read(point[:])
		rows = append(rows, newRow(scalar, point))
	}
	return rows
}

// checkMany checks that the functions for many rows give the results of the rows, and do not change
// their inputs.
func checkMany(t *testing.T, rows []*row) {
	t.Helper()
	var inputs []input
	var scalars, points, public, shared, public2, shared2 []*[Size]byte
	for i, r := range rows {
		inputs = append(inputs, input{r.scalar, r.point})
		scalars, points = append(scalars, &r.scalar), append(points, &r.point)
		for _, out := range []*[]*[Size]byte{&public, &shared, &public2, &shared2} {
			*out = append(*out, &[Size]byte{byte(i + 1)})
		}
	}
	ScalarBaseMultMany(public, scalars)
	ScalarMultMany(shared, scalars, points)
	ScalarMultBothMany(public2, shared2, scalars, points)
	for i, r := range rows {
		if *public[i] != r.public || *public2[i] != r.public {
			t.Fatalf("row %d of %d: %x times the base point is %x and %x, want %x", i, len(rows), r.scalar, *public[i], *public2[i], r.public)
		}
		if *shared[i] != r.shared || *shared2[i] != r.shared {
			t.Fatalf("row %d of %d: %x times %x is %x and %x, want %x", i, len(rows), r.scalar, r.point, *shared[i], *shared2[i], r.shared)
		}
		if (input{r.scalar, r.point}) != inputs[i] {
			t.Fatalf("row %d of %d: an input was changed", i, len(rows))
		}
	}
}

func TestMany(t *testing.T) { testkit.Implementations(t, testMany) }

// testMany checks every number of rows up to 33. Together they have all edge scalars and points, in
// all lanes.
func testMany(t *testing.T) {
	points := testkit.X25519Points()
	var rows []*row
	forScalars(func(scalar *[Size]byte) {
		rows = append(rows, newRow(*scalar, points[len(rows)%len(points)]))
	})
	at := 0
	for n := range 34 {
		var some []*row
		for range n {
			some = append(some, rows[at%len(rows)])
			at++
		}
		checkMany(t, some)
	}
	if at < len(rows) {
		t.Errorf("%d of %d rows were used", at, len(rows))
	}
}

func TestManyLowOrder(t *testing.T) { testkit.Implementations(t, testManyLowOrder) }

// testManyLowOrder puts each point of low order, in all encodings, in one row, and then in all.
func testManyLowOrder(t *testing.T) {
	others, found := randomRows(lanes), 0
	for _, point := range testkit.X25519Points() {
		if !IsLowOrder(&point) {
			continue
		}
		rows := append([]*row{}, others...)
		rows[found%lanes] = newRow(rows[0].scalar, point)
		if rows[found%lanes].shared != [Size]byte{} {
			t.Fatalf("the product of %x is not 0", point)
		}
		checkMany(t, rows)
		for i := range rows {
			rows[i] = newRow(others[i].scalar, point)
		}
		checkMany(t, rows)
		found++
	}
	if found != 14 {
		t.Errorf("%d encodings are of low order, want 14", found)
	}
}

func TestManySame(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		same := randomRows(1)[0]
		checkMany(t, []*row{same, same, same, same, same, same, same, same, same})
	})
}

// TestManyVectors puts the examples of RFC 7748, section 5.2, in each row, with random other rows.
func TestManyVectors(t *testing.T) { testkit.Implementations(t, testManyVectors) }

func testManyVectors(t *testing.T) {
	others := randomRows(lanes)
	for _, v := range [][3]string{
		{
			"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
			"e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
			"c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
		},
		{
			"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
			"e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
			"95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
		},
	} {
		var bytes [3][Size]byte
		for i, s := range v {
			if n, err := hex.Decode(bytes[i][:], []byte(s)); n != Size || err != nil {
				t.Fatal(s, err)
			}
		}
		for lane := range lanes {
			rows := append([]*row{}, others...)
			rows[lane] = newRow(bytes[0], bytes[1])
			rows[lane].shared = bytes[2]
			checkMany(t, rows)
		}
	}
}

func TestManyAllocations(t *testing.T) {
	testkit.Implementations(t, func(t *testing.T) {
		for _, n := range []int{1, lanes, lanes + 1} {
			// These stay on the stack, unless a function lets them escape.
			testkit.NoAllocations(t, "ScalarBaseMultMany and others", func() {
				var keys [4][lanes + 1][Size]byte
				var rows [4][lanes + 1]*[Size]byte
				for i := range keys {
					for j := range keys[i] {
						rows[i][j] = &keys[i][j]
					}
				}
				ScalarBaseMultMany(rows[2][:n], rows[0][:n])
				ScalarMultMany(rows[3][:n], rows[0][:n], rows[1][:n])
				ScalarMultBothMany(rows[2][:n], rows[3][:n], rows[0][:n], rows[1][:n])
			})
		}
	})
}

// BenchmarkManyRatio compares n rows with n calls of the functions for one row. leastRows has its
// numbers from it, where WideAVX512 is true.
func BenchmarkManyRatio(b *testing.B) {
	var scalars, points, public, shared []*[Size]byte
	for _, r := range randomRows(lanes) {
		scalars, points = append(scalars, &r.scalar), append(points, &r.point)
		public, shared = append(public, &r.public), append(shared, &r.shared)
	}
	for n := 2; n <= lanes; n++ {
		b.Run(string(rune('0'+n)), func(b *testing.B) {
			one := func(f func(i int)) func() {
				return func() {
					for i := range n {
						f(i)
					}
				}
			}
			testkit.Ratio(b, "Base", func() { ScalarBaseMultMany(public[:n], scalars[:n]) },
				one(func(i int) { ScalarBaseMult(public[i], scalars[i]) }))
			testkit.Ratio(b, "Variable", func() { ScalarMultMany(shared[:n], scalars[:n], points[:n]) },
				one(func(i int) { ScalarMult(shared[i], scalars[i], points[i]) }))
			testkit.Ratio(b, "Both", func() { ScalarMultBothMany(public[:n], shared[:n], scalars[:n], points[:n]) },
				one(func(i int) { ScalarMultBoth(public[i], shared[i], scalars[i], points[i]) }))
		})
	}
}
