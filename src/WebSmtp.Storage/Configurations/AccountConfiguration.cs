using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Storage.Configurations;

/// <summary>Names that are compared without case: a second column has the form that is compared, on both databases alike.</summary>
static class NameWithoutCase
{
    public const string Column = "NormalizedUsername";

    public static string Normalize(string name) => name.ToUpperInvariant();

    public static void HasNameWithoutCase<T>(this EntityTypeBuilder<T> builder) where T : class
    {
        builder.Property<string>(Column).HasMaxLength(256).IsRequired();
        builder.HasIndex(Column).IsUnique();
    }
}

sealed class AccountConfiguration : IEntityTypeConfiguration<Account>
{
    public void Configure(EntityTypeBuilder<Account> builder)
    {
        builder.ToTable("Accounts");
        builder.Property(a => a.Username).HasMaxLength(256);
        builder.HasNameWithoutCase();
        builder.Property(a => a.Sites).StoredAsJson();
        builder.Property(a => a.Version).IsConcurrencyToken();
    }
}

sealed class AdminUserConfiguration : IEntityTypeConfiguration<AdminUser>
{
    public void Configure(EntityTypeBuilder<AdminUser> builder)
    {
        builder.ToTable("AdminUsers");
        builder.Property(u => u.Username).HasMaxLength(256);
        builder.HasNameWithoutCase();
        builder.Property(u => u.Version).IsConcurrencyToken();
    }
}

sealed class ApiKeyConfiguration : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder)
    {
        builder.ToTable("ApiKeys");
        builder.Property(k => k.Name).HasMaxLength(256);
        builder.Property(k => k.KeyHash).HasMaxLength(32);
        builder.HasIndex(k => k.KeyHash).IsUnique();
    }
}
