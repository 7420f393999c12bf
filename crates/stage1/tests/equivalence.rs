//! Stage 1 keeps the contract.

equivalence::suite!(stage1::merge);
