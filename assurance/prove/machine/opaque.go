package machine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hybridkem/assurance/prove/term"
)

// Independent executes the kernel with these arguments, and with unknown data in their memory,
// until it returns. It shows that no address and no jump depends on data, that data chooses
// nothing that a masked instruction accesses, that no instruction without semantics is executed,
// and that the kernel does not return with wide registers in use. Numbers among the arguments
// are public.
//
// Only general registers and masks that come from them are computed with. What comes from
// vector registers is data.
func Independent(s *term.Space, k *Kernel, args ...Value) error {
	copies := map[*Region]*Region{}
	for i, a := range args {
		if a.Region == nil {
			continue
		}
		r := copies[a.Region]
		if r == nil {
			r = NewRegion(a.Region.Name, len(a.Region.Data), true)
			r.Origin = a.Region.Origin
			copies[a.Region] = r
			for at := range r.Data {
				r.Data[at] = s.Var(fmt.Sprintf("argument %d.%d", i, at), 8)
			}
		}
		args[i].Region = r
	}
	m := New(s, k, args...)
	m.opaque = true
	if err := m.Run(); err != nil {
		return err
	}
	if m.wide {
		return errors.New("no VZEROUPPER after the last use of wide registers")
	}
	return nil
}

// data returns n unknown words of 64 bits, all different.
func (m *Machine) data(n int) []*term.Word {
	out := make([]*term.Word, n)
	for i := range out {
		out[i] = m.Space.Var("data"+strconv.Itoa(m.fresh), 64)
		m.fresh++
	}
	return out
}

// executeOpaque does an instruction on vectors without its semantics: it reads and writes the
// memory, and what it writes is data.
func (m *Machine) executeOpaque(i *Instruction) {
	if i.Op == "VZEROUPPER" {
		m.wide = false
		return
	}
	if strings.HasPrefix(i.Op, "KMOV") {
		vectorSemantics[i.Op](m, i)
		return
	}
	for k, o := range i.Args {
		m.wide = m.wide || o.Kind == Vector && o.Size > 16
		if o.Kind == Memory && i.Masked() {
			if _, ok := m.Mask[i.Mask].Const(); !ok {
				m.fail("data chooses what is accessed")
			}
		}
		if o.Kind == Memory && k > 0 {
			m.load(o, o.Size)
		}
	}
	switch dst := i.Args[0]; dst.Kind { // what a vector register holds, nobody asks
	case Mask:
		m.Mask[dst.Reg] = m.data(1)[0]
	case General:
		m.set(dst, Value{Word: m.data(1)[0].Bits(0, 8*dst.Size)})
	case Memory:
		ws := m.data((dst.Size + 7) / 8)
		ws[0] = ws[0].Bits(0, min(8*dst.Size, 64))
		m.store(dst, ws)
	}
	if i.Op == "VPTEST" {
		for f, w := range m.data(len(m.Flags)) {
			m.Flags[f] = w.Bits(0, 1)
		}
	}
}
