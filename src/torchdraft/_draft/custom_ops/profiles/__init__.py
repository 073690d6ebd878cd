"""Operator profiles: observed calls of an operator go in; files, and fake kernels that follow the profiles, come out.

Profiles are torch's (`torch._library.fake_profile`), and say more where torch's say too little: the values of modes,
the order of an output's dimensions in memory, memory that it shares, sizes that follow from the arguments. May import
`custom_ops`.
"""
