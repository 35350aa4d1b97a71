package kit

import (
	"strings"
	"testing"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// TestBuild checks that Build refuses kernels which use instructions or registers outside their
// set.
func TestBuild(t *testing.T) {
	for _, test := range []struct {
		name string
		set  Set
		body func(f *File)
		want string // in the error; none if empty
	}{
		{"AVX2", AVX2, func(f *File) { f.VPXOR(reg.Y15, reg.Y15, reg.Y15) }, ""},
		{"ADX in AVX2", AVX2, func(f *File) { f.ADCXQ(reg.RAX, reg.RAX) }, "needs ADX"},
		{"ADX", ADX, func(f *File) { f.ADCXQ(reg.RAX, reg.RAX) }, ""},
		{"AVX-512 in ADX", ADX, func(f *File) { f.VPROLQ(operand.Imm(1), reg.Y0, reg.Y0) }, "needs AVX512"},
		{"register 16 in AVX2", AVX2, func(f *File) { f.VMOVDQU(reg.Y16, reg.Y0) }, "more than 16"},
		{"register 16 in AVX-512", AVX512, func(f *File) { f.VPXORQ(reg.Y16, reg.Y16, reg.Y16) }, ""},
		{"IFMA in VBMI2", AVX512VBMI2, func(f *File) { f.VPMADD52LUQ(reg.Y0, reg.Y0, reg.Y0) }, "needs AVX512IFMA"},
	} {
		_, err := Build(func(f *File) {
			f.Kernel("kernel", "func()", test.set, Header{Does: "kernel is a test."})
			test.body(f)
			f.Ret()
		})
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// TestData checks that equal tables of one name are one table, and that different ones are
// refused.
func TestData(t *testing.T) {
	build := func(second uint64) {
		if _, err := Build(func(f *File) {
			f.Kernel("kernel", "func()", AVX2, Header{Does: "kernel is a test."})
			if first, again := f.Quads("table", 1), f.Quads("table", second); first != again {
				t.Errorf("a table is at %v and %v", first, again)
			}
			f.Ret()
		}); err != nil {
			t.Error(err)
		}
	}
	build(1)
	defer func() {
		if recover() == nil {
			t.Error("two tables have one name")
		}
	}()
	build(2)
}

// TestRet checks that a kernel clears the upper halves of registers if it uses them, and only
// then.
func TestRet(t *testing.T) {
	for _, test := range []struct {
		vector reg.VecPhysical
		clears bool
	}{{reg.X1, false}, {reg.Y1, true}, {reg.Z1, true}} {
		file, err := Build(func(f *File) {
			f.Kernel("kernel", "func()", AVX512, Header{Does: "kernel is a test."})
			f.VPXORQ(test.vector, test.vector, test.vector)
			f.Ret()
		})
		if err != nil {
			t.Fatal(err)
		}
		last := file.Functions()[0].Instructions()
		if clears := last[len(last)-2].Opcode == "VZEROUPPER"; clears != test.clears {
			t.Errorf("%v: VZEROUPPER is %v", test.vector, clears)
		}
	}
}

// TestWeave checks the order of instructions, and that labels are refused.
func TestWeave(t *testing.T) {
	build := func(inner func(f *File)) (order string) {
		file, err := Build(func(f *File) {
			f.Kernel("kernel", "func()", AVX2, Header{Does: "kernel is a test."})
			f.Weave(func() {
				for range 5 {
					f.INCQ(reg.RAX)
				}
			}, func() {
				f.Comment("belongs to the next instruction")
				f.DECQ(reg.RBX)
				inner(f)
			})
			f.Ret()
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Functions()[0].Instructions() {
			order += i.Opcode[:1]
		}
		return order
	}
	if order := build(func(f *File) { f.DECQ(reg.RBX) }); order != "IIIDIIDR" {
		t.Errorf("the order is %s", order)
	}
	defer func() {
		if recover() == nil {
			t.Error("a label is woven")
		}
	}()
	build(func(f *File) { f.Label("label") })
}
