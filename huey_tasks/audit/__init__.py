"""Operations of operators, and the trail that they leave."""
