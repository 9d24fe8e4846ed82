"""Operations of operators, and the audit trail that records them."""
