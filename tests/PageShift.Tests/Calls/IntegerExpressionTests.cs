using CsCheck;
using PageShift.Calls;
using Xunit;

namespace PageShift.Tests.Calls;

public sealed class IntegerExpressionTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("NULL", 0)]
    [InlineData("4096", 4096)]
    [InlineData("0xFf", 255)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("0xffffffffffffffff", ulong.MaxValue)]
    [InlineData("-1", ulong.MaxValue)]
    [InlineData("-9223372036854775808", 1UL << 63)]
    [InlineData("128*MB + 1*MB", 129UL << 20)]
    [InlineData("KB", 1UL << 10)]
    [InlineData("1*GB", 1UL << 30)]
    [InlineData("16777215*TB", 16777215UL << 40)]
    [InlineData("3*PAGE", 12288)]
    [InlineData("2 + 3 * 4", 14)]
    [InlineData("(2 + 3) * 4", 20)]
    [InlineData("10 - 4 - 3", 3)]
    [InlineData("1 - 2 + 3", 2)]
    [InlineData("1 << 2 + 3", 32)]
    [InlineData("1 << 2 << 3", 32)]
    [InlineData("1 | 2 + 4", 7)]
    [InlineData("6|1<<4|-0", 22)]
    [InlineData("-2 * -3", 6)]
    [InlineData("- -5", 5)]
    [InlineData("1 << 63", 1UL << 63)]
    [InlineData("0x8 /* anything */ | 1", 9)]
    [InlineData("0x28 /* 0x8 /* MAP_??? */|MAP_ANONYMOUS */ | 1", 0x29)]
    [InlineData("2 /* a /* beginning */ | 1", 3)]
    [InlineData("2 /* * */ /**/ | 1", 3)]
    [InlineData("  ( ( 1 ) )  ", 1)]
    [InlineData("4K", 4096)]
    [InlineData("4k", 4096)]
    [InlineData("4KB", 4096)]
    [InlineData("4kb", 4096)]
    [InlineData("4KiB", 4096)]
    [InlineData("2MiB", 2UL << 20)]
    [InlineData("2*MiB", 2UL << 20)]
    [InlineData("2M", 2UL << 20)]
    [InlineData("3GB + 4K", (3UL << 30) + 4096)]
    [InlineData("1T", 1UL << 40)]
    [InlineData("0x4B", 0x4b)]
    [InlineData("16777215TiB", 16777215UL << 40)]
    [InlineData("-1K", ulong.MaxValue - 1023)]
    public void An_expression_has_the_value_that_C_gives_it(string text, ulong value)
    {
        Assert.True(IntegerExpression.TryParse(text, out ulong parsed, out string? error), error);
        Assert.Equal(value, parsed);
    }

    [Theory]
    [InlineData("", "column 1: found the end of the line, expected a number")]
    [InlineData("1 +", "column 4: found the end of the line, expected a number")]
    [InlineData("1 2", "column 3: found '2', expected an operator or the end")]
    [InlineData("1XB", "column 1: found '1XB', expected a decimal or hexadecimal number")]
    [InlineData("4KBs", "column 1: found '4KBs', expected a decimal or hexadecimal number")]
    [InlineData("0x10K", "column 1: found '0x10K', expected a decimal or hexadecimal number")]
    [InlineData("4KM", "column 1: found '4KM', expected a decimal or hexadecimal number")]
    [InlineData("4B", "column 1: found '4B', expected a decimal or hexadecimal number")]
    [InlineData("16777216TB", "column 1: found '16777216TB', expected a number below 2^64")]
    [InlineData("1.5M", "column 2: found '.', expected an operator or the end")]
    [InlineData("x", "column 1: found 'x', expected a number")]
    [InlineData("(1", "column 3: found the end of the line, expected ')'")]
    [InlineData("1)", "column 2: found ')', expected an operator or the end")]
    [InlineData("1 /2", "column 3: found '/', expected an operator or the end")]
    [InlineData("1 < 2", "column 3: found '<', expected an operator or the end")]
    [InlineData("2*9223372036854775808", "column 2: found '*', expected a result that fits in 64 bits")]
    [InlineData("-9223372036854775809", "column 1: found '-', expected a result that fits in 64 bits")]
    [InlineData("0xffffffffffffffff + 1", "column 20: found '+', expected a result that fits in 64 bits")]
    [InlineData("0 - 9223372036854775808 - 1", "column 25: found '-', expected a result that fits in 64 bits")]
    [InlineData("2 << 63", "column 3: found '<', expected a result that fits in 64 bits")]
    [InlineData("1 << 64", "column 3: found '<', expected a result that fits in 64 bits")]
    [InlineData("-1 << 1", "column 4: found '<', expected a result that fits in 64 bits")]
    [InlineData("é", "column 1: found 'é', expected a number")]
    public void What_is_no_expression_or_too_large_is_an_error_with_its_column(string text, string message)
    {
        Assert.False(IntegerExpression.TryParse(text, out _, out string? error));
        Assert.Equal(message, error);
    }

    [Theory]
    [InlineData('(')]
    [InlineData('-')]
    public void Nesting_without_end_is_refused(char opening)
    {
        Assert.False(IntegerExpression.TryParse(new string(opening, 1_000_000), out _, out string? error));
        Assert.Equal($"column 65: found '{opening}', expected an expression nested less deeply", error);
    }

    [Fact]
    public void Sums_and_products_agree_with_arithmetic_of_128_bits()
    {
        Gen.Select(Gen.ULong, Gen.ULong, Gen.OneOf('+', '-', '*')).Sample((left, right, sign) =>
        {
            Int128? exact = sign switch
            {
                '+' => (Int128)left + right,
                '-' => (Int128)left - right,
                _ => (UInt128)left * right is var product && product <= ulong.MaxValue ? (Int128)product : null,
            };
            bool fits = exact >= long.MinValue && exact <= ulong.MaxValue;

            return IntegerExpression.TryParse($"{left}{sign}0x{right:x}", out ulong value, out _) == fits
                && (!fits || value == unchecked((ulong)exact!.Value));
        });
    }
}
