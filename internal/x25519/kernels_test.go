//go:build linux && (amd64 || arm64) && !purego

package x25519

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"hybridkem/internal/cpu"
	"hybridkem/internal/sha3"
	"hybridkem/internal/testkit"
)

// guarded returns two copies of v: one ends where a page begins that cannot be accessed,
// and the other begins where such a page ends.
func guarded[T any](t *testing.T, v *T) (copies [2]*T) {
	first, second := testkit.Guarded(t, int(unsafe.Sizeof(*v)))
	copies = [2]*T{(*T)(unsafe.Pointer(&first[0])), (*T)(unsafe.Pointer(&second[0]))}
	for _, c := range copies {
		*c = *v
	}
	return copies
}

// needs skips the test unless the machine has the set. It selects the portable code, because these
// tests call kernels by name and compare them with the portable code.
func needs(t *testing.T, set bool) {
	if !set {
		t.Skip("this machine has no such kernel")
	}
	cpu.Use(cpu.Portable)
	t.Cleanup(func() { cpu.Use(cpu.Chosen()) })
}

// sameQuotient checks that x and z are tight, and that x/z = a/b.
func sameQuotient(t *testing.T, what string, x, z, a, b *element) {
	t.Helper()
	if integer(x).Cmp(tightLimit) >= 0 || integer(z).Cmp(tightLimit) >= 0 {
		t.Fatalf("%s is %x/%x, which is not tight", what, *x, *z)
	}
	var left, right element
	left.mul(x, b)
	right.mul(a, z)
	if left.canonical() != right.canonical() || z.isZero() != b.isZero() || x.isZero() != a.isZero() {
		t.Fatalf("%s is %x/%x, want %x/%x", what, *x, *z, *a, *b)
	}
}

// ladders calls run with clamped scalars and points, and checks that it returns the same
// products as the portable code.
func ladders(t *testing.T, run func(k *[Size]byte, u *element) (x, z element)) {
	points, n := testkit.X25519Points(), 0
	forScalars(func(scalar *[Size]byte) {
		k := clamp(scalar)
		n++
		for _, point := range [][Size]byte{points[n%len(points)], *scalar} {
			var x, z, u element
			multiply(&x, &z, &k, &point)
			u.setBytes(&point)
			gotX, gotZ := run(&k, &u)
			sameQuotient(t, fmt.Sprintf("%x times %x", k, point), &gotX, &gotZ, &x, &z)
		}
	})
}

func TestLadderADX(t *testing.T) { testLadder(t, cpu.ADX, ladderADX) }

func TestLadderA64(t *testing.T) { testLadder(t, cpu.NEON, ladderA64) }

func testLadder(t *testing.T, set bool, kernel func(x, z, u, swaps *[4]uint64)) {
	needs(t, set)
	xs, zs := guarded(t, new([4]uint64)), guarded(t, new([4]uint64))
	us, ss := guarded(t, new([4]uint64)), guarded(t, new([4]uint64))
	ladders(t, func(k *[Size]byte, u *element) (x, z element) {
		for i := range xs {
			*us[i], *ss[i] = *u, swaps(k)
			kernel(xs[i], zs[i], us[i], ss[i])
			if *us[i] != *u || *ss[i] != swaps(k) {
				t.Fatal("an input was changed")
			}
		}
		if *xs[0] != *xs[1] || *zs[0] != *zs[1] {
			t.Fatal("results differ")
		}
		return *xs[0], *zs[0]
	})
	testkit.LeavesNothing(t, 40, func() { kernel(xs[0], zs[0], us[0], ss[0]) })
}

func TestLadderNEON(t *testing.T) {
	needs(t, cpu.NEON)
	fs, us, ss := guarded(t, new(limbPairs)), guarded(t, new([5]uint64)), guarded(t, new([4]uint64))
	kernel := func(i int) { ladderNEON((*[2][5][4]uint32)(fs[i]), us[i], ss[i]) }
	ladders(t, func(k *[Size]byte, u *element) (x, z element) {
		for i := range fs {
			*fs[i], *us[i], *ss[i] = pairsStart(u), u.limbs(), swaps(k)
			kernel(i)
			if *us[i] != u.limbs() || *ss[i] != swaps(k) {
				t.Fatal("an input was changed")
			}
		}
		if *fs[0] != *fs[1] {
			t.Fatal("results differ")
		}
		x.setFirst(&fs[0][0])
		z.setFirst(&fs[0][1])
		return x, z
	})
	testkit.LeavesNothing(t, 90, func() { kernel(0) })
}

func TestLadderIFMA(t *testing.T) {
	needs(t, cpu.AVX512IFMA)
	fs, us, ss := guarded(t, new(fourLimbs)), guarded(t, new([3][4]uint64)), guarded(t, new([4]uint64))
	ladders(t, func(k *[Size]byte, u *element) (x, z element) {
		for i := range fs {
			*fs[i] = ladderStart(u)
			*us[i], *ss[i] = u.splitLimbs(), swaps(k)
			ladderIFMA((*[5][4]uint64)(fs[i]), us[i], ss[i], 255)
			if *us[i] != u.splitLimbs() || *ss[i] != swaps(k) {
				t.Fatal("an input was changed")
			}
		}
		if *fs[0] != *fs[1] {
			t.Fatal("results differ")
		}
		fs[0].ladderEnd(&x, &z)
		return x, z
	})
}

// TestLadderPermuteIFMA takes up to 21 permutations and the rest of the ladder without.
func TestLadderPermuteIFMA(t *testing.T) {
	needs(t, cpu.AVX512IFMA)
	fs, us, ss, as := guarded(t, new(fourLimbs)), guarded(t, new([3][4]uint64)), guarded(t, new([4]uint64)), guarded(t, new([200]byte))
	r := rand.NewChaCha8([32]byte{})
	permutations := 0
	ladders(t, func(k *[Size]byte, u *element) (x, z element) {
		*fs[0] = ladderStart(u)
		*fs[1] = *fs[0]
		permutations = permutations%21 + 1
		n := 255
		for range permutations {
			var want [200]byte
			r.Read(want[:])
			*as[0], *as[1] = want, want
			sha3.Permute(&want)
			for i := range fs {
				*us[i], *ss[i] = u.splitLimbs(), swaps(k)
				ladderPermuteIFMA((*[5][4]uint64)(fs[i]), us[i], ss[i], n, as[i])
				if *us[i] != u.splitLimbs() || *ss[i] != swaps(k) {
					t.Fatal("an input was changed")
				}
				if *as[i] != want {
					t.Fatalf("the state is %x, want %x", *as[i], want)
				}
			}
			if n -= 12; *fs[0] != *fs[1] {
				t.Fatal("results differ")
			}
		}
		ladderIFMA((*[5][4]uint64)(fs[0]), us[0], ss[0], n)
		fs[0].ladderEnd(&x, &z)
		return x, z
	})
}

// combs calls run with the digits of clamped scalars, and checks that it returns the same
// points as the portable code.
func combs(t *testing.T, run func(d *[2 * Size]int8) (y, z element)) {
	forScalars(func(scalar *[Size]byte) {
		k := clamp(scalar)
		var a, b, x, z element
		multiplyBase(&a, &b, &k)
		d := digits(&k)
		Y, Z := run(&d)
		tightAddSub(&x, &z, &Z, &Y)
		sameQuotient(t, fmt.Sprintf("%x times the base point", k), &x, &z, &a, &b)
	})
}

func TestCombADX(t *testing.T) { testComb(t, cpu.ADX, combADX) }

func TestCombNEON(t *testing.T) { testComb(t, cpu.NEON, combNEON) }

func testComb(t *testing.T, set bool, kernel func(y, z *[4]uint64, digits *[2 * Size]int8)) {
	needs(t, set)
	ys, zs, ds := guarded(t, new([4]uint64)), guarded(t, new([4]uint64)), guarded(t, new([2 * Size]int8))
	combs(t, func(d *[2 * Size]int8) (y, z element) {
		for i := range ds {
			*ds[i] = *d
			kernel(ys[i], zs[i], ds[i])
			if *ds[i] != *d {
				t.Fatal("the digits were changed")
			}
		}
		if *ys[0] != *ys[1] || *zs[0] != *zs[1] {
			t.Fatal("results differ")
		}
		return *ys[0], *zs[0]
	})
	testkit.LeavesNothing(t, 40, func() { kernel(ys[0], zs[0], ds[0]) })
}

func TestCombIFMA(t *testing.T) {
	needs(t, cpu.AVX512IFMA)
	for name, kernel := range map[string]func(s *[5][4]uint64, digits *[2 * Size]int8){"combIFMA": combIFMA, "combWideIFMA": combWideIFMA} {
		t.Run(name, func(t *testing.T) { testCombIFMA(t, kernel) })
	}
}

func testCombIFMA(t *testing.T, kernel func(s *[5][4]uint64, digits *[2 * Size]int8)) {
	fs, ds := guarded(t, new(fourLimbs)), guarded(t, new([2 * Size]int8))
	combs(t, func(d *[2 * Size]int8) (y, z element) {
		for i := range ds {
			*ds[i] = *d
			kernel((*[5][4]uint64)(fs[i]), ds[i])
			if *ds[i] != *d {
				t.Fatal("the digits were changed")
			}
		}
		if *fs[0] != *fs[1] {
			t.Fatal("results differ")
		}
		y.setLimbs(fs[0], 1)
		z.setLimbs(fs[0], 2)
		return y, z
	})
}

// many calls run with eight rows at a time.
func many(run func(rows []*row)) {
	points := testkit.X25519Points()
	var rows []*row
	forScalars(func(scalar *[Size]byte) {
		rows = append(rows, &row{scalar: clamp(scalar), point: points[len(rows)%len(points)]})
	})
	for ; len(rows) >= lanes; rows = rows[lanes:] {
		run(rows[:lanes])
	}
}

// sameLanes checks that fractions are carried in both copies, and returns the fraction of each lane.
func sameLanes(t *testing.T, xs, zs [2]*[5][8]uint64) (x, z [lanes]element) {
	t.Helper()
	if *xs[0] != *xs[1] || *zs[0] != *zs[1] {
		t.Fatal("results differ")
	}
	for i := range lanes {
		for k := range 5 {
			if max(xs[0][k][i], zs[0][k][i]) >= 1<<51+1<<17 {
				t.Fatalf("limb %d of row %d is not carried", k, i)
			}
		}
		x[i].setLane(xs[0], i)
		z[i].setLane(zs[0], i)
	}
	return x, z
}

func TestLadder8IFMA(t *testing.T) {
	needs(t, cpu.AVX512IFMA)
	xs, zs := guarded(t, new([5][8]uint64)), guarded(t, new([5][8]uint64))
	us, ss := guarded(t, new([5][8]uint64)), guarded(t, new([4][8]uint64))
	many(func(rows []*row) {
		u, s := ladderInputs(pointers(rows))
		for i := range xs {
			*us[i], *ss[i] = u, s
			ladder8IFMA(xs[i], zs[i], us[i], ss[i])
			if *us[i] != u || *ss[i] != s {
				t.Fatal("an input was changed")
			}
		}
		x, z := sameLanes(t, xs, zs)
		for i, r := range rows {
			var a, b element
			multiply(&a, &b, &r.scalar, &r.point)
			sameQuotient(t, fmt.Sprintf("%x times %x", r.scalar, r.point), &x[i], &z[i], &a, &b)
		}
	})
}

func TestComb8IFMA(t *testing.T) {
	needs(t, cpu.AVX512IFMA)
	xs, zs, ks := guarded(t, new([5][8]uint64)), guarded(t, new([5][8]uint64)), guarded(t, new([4][8]uint64))
	many(func(rows []*row) {
		scalars, _ := pointers(rows)
		k := combInputs(scalars)
		for i := range xs {
			*ks[i] = k
			comb8IFMA(xs[i], zs[i], ks[i])
			if *ks[i] != k {
				t.Fatal("an input was changed")
			}
		}
		x, z := sameLanes(t, xs, zs)
		for i, r := range rows {
			var a, b element
			multiplyBase(&a, &b, &r.scalar)
			sameQuotient(t, fmt.Sprintf("%x times the base point", r.scalar), &x[i], &z[i], &a, &b)
		}
	})
}

func pointers(rows []*row) (scalars, points []*[Size]byte) {
	for _, r := range rows {
		scalars, points = append(scalars, &r.scalar), append(points, &r.point)
	}
	return scalars, points
}
